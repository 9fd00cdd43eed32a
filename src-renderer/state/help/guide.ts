// The user guide, docs/guide, and what is new in each version, CHANGELOG.md, as the window shows them: each page's
// Markdown, and the addresses of its pictures.

export interface Guide {
  readonly id: string // "guide-first-merge" of docs/guide/first-merge.md
  readonly title: string // its first heading
  readonly about: string // its first paragraph
  readonly text: string
}

const texts = import.meta.glob<string>(['../../../docs/guide/*.md', '../../../CHANGELOG.md'], {
  query: '?raw',
  import: 'default',
  eager: true,
})
const pictures = import.meta.glob<string>('../../../docs/guide/pictures/*', {
  query: '?url',
  import: 'default',
  eager: true,
})

const nameOf = (path: string): string => path.split('/').pop() ?? ''

const order = [
  'first-merge',
  'fine-tune',
  'refine',
  'negation',
  'test-time',
  'table',
  'cluster',
  'engine',
  'without-a-window',
  'changelog',
]

export const guides: readonly Guide[] = Object.entries(texts)
  .map(([path, text]) => ({ name: nameOf(path).replace(/\.md$/, '').toLowerCase(), text }))
  .toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  .map(({ name, text }) => ({
    id: guideId(name),
    title: /^# (.*)$/m.exec(text)?.[1] ?? name,
    about: /\n\n([^#!\n][^\n]*(?:\n[^\n]+)*)/.exec(text)?.[1]?.replaceAll('\n', ' ') ?? '',
    text,
  }))

function guideId(name: string): string {
  return `guide-${name}`
}

/** Where a picture of the guide is, as "pictures/compose.png" names it. */
export function pictureAddress(path: string): string | undefined {
  return Object.entries(pictures).find(([file]) => nameOf(file) === nameOf(path))?.[1]
}

/** A link of the guide as an address of the window: "refine.md" is "#/help/guide-refine". */
export function guideAddress(to: string): string {
  const page = /^([a-z-]+)\.md$/.exec(to)?.[1]
  return page ? `#/help/${guideId(page)}` : to
}
