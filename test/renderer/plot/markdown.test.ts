// The guide's Markdown becomes parts that are drawn: nothing in a text can be markup of the page.
import { expect, it } from 'vitest'

import { blocksOf } from '../../../src-renderer/plot/markdown.ts'

it('knows headings, paragraphs, lists, code and pictures, and what stands in a line', () => {
  const text = [
    '# A title',
    '',
    'Two lines with **bold**, `code` and',
    '[a link](refine.md).',
    '',
    '1. One',
    '2. Two, which goes',
    '   on',
    '',
    '- a',
    '```',
    'npm start -- --no-window',
    '```',
    '![What it shows](pictures/a.webp)',
  ].join('\n')
  expect(blocksOf(text)).toEqual([
    { kind: 'heading', level: 1, parts: [{ kind: 'text', text: 'A title' }] },
    {
      kind: 'paragraph',
      parts: [
        { kind: 'text', text: 'Two lines with ' },
        { kind: 'bold', text: 'bold' },
        { kind: 'text', text: ', ' },
        { kind: 'code', text: 'code' },
        { kind: 'text', text: ' and ' },
        { kind: 'link', text: 'a link', to: 'refine.md' },
        { kind: 'text', text: '.' },
      ],
    },
    {
      kind: 'list',
      ordered: true,
      items: [[{ kind: 'text', text: 'One' }], [{ kind: 'text', text: 'Two, which goes on' }]],
    },
    { kind: 'list', ordered: false, items: [[{ kind: 'text', text: 'a' }]] },
    { kind: 'code', text: 'npm start -- --no-window' },
    { kind: 'picture', alt: 'What it shows', file: 'pictures/a.webp' },
  ])
})

it('takes any text to its end, and markup as the letters it is', () => {
  for (const text of [
    '<script>alert(1)</script>',
    '#none',
    '![x',
    '```\nnever closed',
    '**',
    '1.',
    '\u0000[](',
    '- ',
    '',
  ])
    expect(JSON.stringify(blocksOf(text))).not.toContain('"kind":"html"')
  expect(blocksOf('<img src=x onerror=alert(1)>')).toEqual([
    { kind: 'paragraph', parts: [{ kind: 'text', text: '<img src=x onerror=alert(1)>' }] },
  ])
})
