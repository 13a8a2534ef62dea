import { parseXML } from '@aws-sdk/xml-builder'
import * as z from 'zod'
import { S3Error } from './s3-error.ts'

/** An element's content: text, child elements in order, or nothing. An undefined child is left out. */
export type XmlContent = string | number | boolean | readonly XmlElement[]
export type XmlElement = readonly [name: string, content: XmlContent | undefined]

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** A whole document in S3's namespace (errors have none). */
export function xmlDocument(root: string, content: XmlContent): string {
  const attributes = root === 'Error' ? '' : ` xmlns="${namespace}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attributes}>${renderContent(content)}</${root}>`
}

function renderElement([name, content]: XmlElement): string {
  return content === undefined ? '' : `<${name}>${renderContent(content)}</${name}>`
}

function renderContent(content: XmlContent): string {
  return typeof content === 'object' ? content.map(renderElement).join('') : escapeText(String(content))
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escapeText(text: string): string {
  return text.replace(/[&<>"]|\p{Cc}/gu, (character) => escapes[character] ?? `&#x${character.charCodeAt(0).toString(16)};`)
}

/** Child elements of one name, `minimum` to `maximum` of them, as a list; the parser gives a single one bare. */
export const repeated = <T extends z.ZodType>(
  item: T,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
) => z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(item).min(minimum).max(maximum))

/** Parses a request's XML body by a schema. Throws S3Error MalformedXML. */
export function parseXmlBody<T>(body: Buffer, schema: z.ZodType<T>): T {
  try {
    return schema.parse(parseXML(body.toString()))
  } catch (error) {
    throw new S3Error(
      'MalformedXML',
      'The XML you provided was not well-formed or did not validate against our published schema.',
      {
        cause: error,
      },
    )
  }
}
