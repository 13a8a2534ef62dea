/** A form of a page, as a browser would send it. */
export interface Form {
  readonly action: string
  readonly method: string
  /** What is in its fields already, by name. */
  readonly fields: Readonly<Record<string, string>>
  /** Their types, by name. */
  readonly types: Readonly<Record<string, string>>
  readonly buttons: readonly { readonly name: string; readonly value: string; readonly text: string }[]
}

/** The forms of a page that was written by a program: attributes are quoted, tags are in lower case. */
export function formsOf(html: string, url: string): readonly Form[] {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, tag = '', inside = '']) => {
    const { action = '', method = 'get' } = attributesOf(tag)
    const inputs = [...inside.matchAll(/<input\b([^>]*)>/g)].map(([, input = '']) => attributesOf(input))
    const named = inputs.flatMap(({ name, type = 'text', value = '' }) => (name === undefined ? [] : [{ name, type, value }]))
    return {
      action: new URL(action, url).href,
      method: method.toLowerCase(),
      fields: Object.fromEntries(named.map(({ name, value }) => [name, value])),
      types: Object.fromEntries(named.map(({ name, type }) => [name, type])),
      buttons: [...inside.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gs)].map(([, button = '', text = '']) => {
        const { name = '', value = '' } = attributesOf(button)
        return { name, value, text: textOf(text) }
      }),
    }
  })
}

/** What a person reads of a page, in a line. */
export function textOf(html: string): string {
  const visible = html.replaceAll(/<(head|style|script|title)\b.*?<\/\1>/gs, ' ').replaceAll(/<[^>]*>/g, ' ')
  return unescapeHtml(visible).replaceAll(/\s+/g, ' ').trim()
}

function attributesOf(tag: string): Readonly<Partial<Record<string, string>>> {
  const pairs = [...tag.matchAll(/([a-z][a-z-]*)(?:="([^"]*)")?/g)]
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, unescapeHtml(value)]))
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

function unescapeHtml(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (all, hexadecimal, decimal, name) => {
    if (hexadecimal !== undefined) return String.fromCodePoint(Number.parseInt(hexadecimal, 16))
    return decimal === undefined ? (entities[name] ?? all) : String.fromCodePoint(Number(decimal))
  })
}
