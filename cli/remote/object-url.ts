/**
 * The address of an object. AWS's own endpoints are asked in virtual-hosted style, which all of its regions support and which
 * it recommends; a bucket with a dot in its name would not match AWS's certificate there, and is asked in path style, as are
 * all other endpoints: they seldom have a host name for each bucket.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function objectUrl(endpoint: string, bucket: string, key: string): URL {
  const url = new URL(endpoint)
  const isHosted = /\.amazonaws\.com(\.cn)?$/.test(url.hostname) && !bucket.includes('.')
  if (isHosted) url.hostname = `${bucket}.${url.hostname}`
  const folder = url.pathname.replace(/\/$/, '')
  url.pathname = [folder, ...(isHosted ? [] : [bucket]), ...key.split('/').map(encodeSegment)].join('/')
  return url
}

/** S3's UriEncode: all but RFC 3986's unreserved characters, so that what is signed is what is sent. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
