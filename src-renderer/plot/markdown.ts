// The Markdown of the guide as parts to be drawn: headings, paragraphs, lists, code, pictures; in a line bold text,
// code and links. Nothing of it is ever put into the page as markup, so a text cannot do more than be read.

export type Inline = { kind: 'text' | 'bold' | 'code'; text: string } | { kind: 'link'; text: string; to: string }

export type Block =
  | { kind: 'heading'; level: number; parts: Inline[] }
  | { kind: 'paragraph'; parts: Inline[] }
  | { kind: 'list'; ordered: boolean; items: Inline[][] }
  | { kind: 'code'; text: string }
  | { kind: 'picture'; alt: string; file: string }

export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  const lines = markdown.split('\n')
  for (let i = 0; i < lines.length; ) {
    const line = lines[i] ?? ''
    const until = (isOf: (line: string) => boolean): string[] => {
      const from = i
      while (i < lines.length && isOf(lines[i] ?? '')) i++
      return lines.slice(from, i)
    }
    const heading = /^(#{1,4}) (.*)$/.exec(line)
    const picture = /^!\[([^\]]*)\]\(([^)\s]+)\)$/.exec(line)
    if (heading) {
      blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, parts: inlines(heading[2] ?? '') })
      i++
    } else if (picture) {
      blocks.push({ kind: 'picture', alt: picture[1] ?? '', file: picture[2] ?? '' })
      i++
    } else if (line.startsWith('```')) {
      i++
      blocks.push({ kind: 'code', text: until((one) => !one.startsWith('```')).join('\n') })
      i++
    } else if (item.test(line)) blocks.push(listOf(until((one) => item.test(one) || /^\s+\S/.test(one))))
    else if (line.trim() === '') i++
    else {
      const text = until((one) => one.trim() !== '' && !/^(#|!\[|```)/.test(one) && !item.test(one))
      if (text.length === 0) text.push(lines[i++] ?? '') // such as "#no heading"
      blocks.push({ kind: 'paragraph', parts: inlines(text.join(' ')) })
    }
  }
  return blocks
}

const item = /^(\d+\.|[-*]) +(\S.*)$/

function listOf(lines: readonly string[]): Block {
  const items: string[] = []
  for (const line of lines) {
    const found = item.exec(line)
    if (found) items.push(found[2] ?? '')
    else items[items.length - 1] += ` ${line.trim()}`
  }
  return { kind: 'list', ordered: /^\d/.test(lines[0] ?? ''), items: items.map(inlines) }
}

function inlines(text: string): Inline[] {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`|\[[^\]]+\]\([^)\s]+\))/).flatMap((part): Inline[] => {
    const link = /^\[([^\]]+)\]\(([^)\s]+)\)$/.exec(part)
    if (link) return [{ kind: 'link', text: link[1] ?? '', to: link[2] ?? '' }]
    if (/^\*\*.+\*\*$/.test(part)) return [{ kind: 'bold', text: part.slice(2, -2) }]
    if (/^`.+`$/.test(part)) return [{ kind: 'code', text: part.slice(1, -1) }]
    return part === '' ? [] : [{ kind: 'text', text: part }]
  })
}
