/**
 * The URL; undefined for text that is none. Asked of `new URL` itself: `URL.canParse` of Node 20 and 22 refuses names and paths
 * beyond ASCII from its three-thousandth call on, when V8 has optimised it.
 */
export function findUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}
