/** A `data:` URL's content, still base64. https://www.rfc-editor.org/rfc/rfc2397 */
export interface DataUrl {
  readonly mediaType: string;
  readonly base64: string;
}

/** Undefined where `url` is no `data:` URL. Text that is percent-encoded comes out as base64 too. */
export function parseDataUrl(url: string): DataUrl | undefined {
  if (!/^data:/i.test(url)) return undefined;
  const comma = url.indexOf(',');
  if (comma === -1) return undefined;
  const head = url.slice('data:'.length, comma);
  const mediaType = (head.split(';')[0] ?? '').trim().toLowerCase() || 'text/plain';
  const data = url.slice(comma + 1);
  if (/;\s*base64\s*$/i.test(head)) return { mediaType, base64: data };
  try {
    return { mediaType, base64: Buffer.from(decodeURIComponent(data)).toString('base64') };
  } catch {
    return undefined;
  }
}
