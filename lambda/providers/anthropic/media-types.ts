/** Text that is not `text/…`: read as such, it is a document all the same. */
export const TEXT_TYPES =
  /^text\/|^application\/(json|xml|yaml|x-yaml|javascript|x-javascript|sql|toml)$|\+(json|xml)$/;

const TYPE_BY_ENDING: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  json: 'application/json',
  xml: 'application/xml',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  m4a: 'audio/mp4',
  ogg: 'audio/ogg',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
};

/** Whether the vendor fetches what is at the URL, as far as its ending tells: images and PDF, no other text. */
export function isFetchable(url: string): boolean {
  return isFetched(typeOf(URL.parse(url)?.pathname) ?? 'image');
}

/** By URL the vendor reads images and PDF alone. */
export function isFetched(type: string): boolean {
  return type === 'document' || type === 'application/pdf' || type.startsWith('image');
}

/** The media type that a file's name tells. */
export function typeOf(name: string | undefined): string | undefined {
  return TYPE_BY_ENDING[/\.([a-z0-9]+)$/i.exec(name ?? '')?.[1]?.toLowerCase() ?? ''];
}
