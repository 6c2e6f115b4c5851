/** What the conversion of a request gathers beside the request itself. */
export interface Findings {
  readonly dropped: Set<string>;
  /** It names files of Anthropic's Files API. */
  usesFiles: boolean;
}
