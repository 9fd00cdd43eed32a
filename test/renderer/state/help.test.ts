// The help has a page for every method, objective, merge and kind of fine-tuning, each with what it does, when, at what
// cost, its formula and its paper; and the guide, whose pictures and links are there and whose buttons are those that
// the browser tests press.
import { expect, it } from 'vitest'

import { merges } from '../../../src-main/contract/merges/index.ts'
import { methods } from '../../../src-main/contract/methods/index.ts'
import { objectives } from '../../../src-main/contract/objectives/index.ts'
import { tuningKinds } from '../../../src-main/contract/tuning/kinds/index.ts'
import { formFields } from '../../../src-renderer/components/form/form-fields.ts'
import { type Block, blocksOf, type Inline } from '../../../src-renderer/plot/markdown.ts'
import { guideAddress, guides, pictureAddress } from '../../../src-renderer/state/help/guide.ts'
import { topicOf, topics, topicsWith } from '../../../src-renderer/state/help/topics.ts'

const renderer = Object.values(
  import.meta.glob<string>('../../../src-renderer/**/*.{ts,svelte}', { query: '?raw', import: 'default', eager: true }),
).join('\n')
const pressed = Object.values(
  import.meta.glob<string>('../../e2e/*.test.ts', { query: '?raw', import: 'default', eager: true }),
).join('\n')

it('every card has its page, found by its name, with at least four sentences of its own', () => {
  const ids = [
    ...methods.map(({ name }) => `method-${name}`),
    ...objectives.map(({ name }) => `objective-${name}`),
    ...merges.map(({ name }) => `merge-${name}`),
    ...tuningKinds.map(({ name }) => `tuning-${name}`),
  ]
  const found = ids.map((id) => topicOf(id)?.card)
  expect(found.every((card) => card !== undefined && card.equation !== '' && card.sentences.length >= 4)).toBe(true)
  const all = found.flatMap((card) => card?.sentences ?? [])
  expect(all.filter((sentence) => sentence.length < 12 || /undefined|null|NaN/.test(sentence))).toEqual([])
  expect(
    topics()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual([...ids, ...guides.map(({ id }) => id), 'run-settings'].toSorted())
})

it('every field of Compose is on the page of settings, which is found by what they say', () => {
  const fields = topicOf('run-settings')?.fields?.map(({ name }) => name) ?? []
  expect([...formFields().keys()].filter((name) => !fields.includes(name))).toEqual([])
  expect(topicsWith('learning rate cosine').map(({ id }) => id)).toContain('run-settings')
})

it('each says when to choose it in words of its own', () => {
  for (const list of [methods, objectives, merges, tuningKinds]) {
    const said = list.map(({ when }) => when)
    expect(said.filter((one, i) => said.indexOf(one) !== i)).toEqual([])
  }
})

it('is searched by all words at once, in titles, papers and texts', () => {
  expect(topicsWith('editing models').map(({ id }) => id)).toContain('method-task-arithmetic')
  expect(topicsWith('no such word at all')).toEqual([])
  expect(topicsWith('')).toHaveLength(topics().length)
})

const blocks = guides.flatMap(({ id, text }) => blocksOf(text).map((block) => ({ id, block })))
const parts = (block: Block): Inline[] =>
  block.kind === 'list' ? block.items.flat() : block.kind === 'heading' || block.kind === 'paragraph' ? block.parts : []

it('the guide begins with a title and a sentence, and its links and pictures are there', () => {
  expect(guides.length).toBeGreaterThanOrEqual(7)
  for (const { title, about } of guides) expect([title.length > 4, about.length > 30]).toEqual([true, true])
  const named = blocks.flatMap(({ block }) => (block.kind === 'picture' ? [block] : []))
  expect(named.length).toBeGreaterThan(5)
  expect(named.length).toBeLessThanOrEqual(2 * guides.length)
  expect(named.filter(({ file, alt }) => pictureAddress(file) === undefined || alt === '')).toEqual([])
  const links = blocks.flatMap(({ block }) => parts(block).flatMap((part) => (part.kind === 'link' ? [part.to] : [])))
  expect(links.filter((to) => topicOf(guideAddress(to).replace('#/help/', '')) === undefined)).toEqual([])
})

it('every button that the guide names is in the window, and a test presses or looks at it', () => {
  const buttons = [
    ...new Set(
      blocks.flatMap(({ block }) => parts(block).flatMap((part) => (part.kind === 'bold' ? [part.text] : []))),
    ),
  ]
  expect(buttons.length).toBeGreaterThan(10)
  const isIn = (text: string) => (button: string) => text.includes(`'${button}'`)
  expect(buttons.filter((button) => !isIn(renderer)(button))).toEqual([])
  expect(buttons.filter((button) => !isIn(pressed)(button))).toEqual([])
})
