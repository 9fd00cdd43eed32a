// Every field of a run's configuration says what it is: beside it in the form, and in the help.
import { expect, test } from 'vitest'

import { allFieldHelp, fieldHelp } from '../../../src-main/contract/run/field-help.ts'
import { configJsonSchema } from '../../../src-main/contract/run/resolve.ts'

/** Places of all properties that the schema declares. */
function declared(schema: object, before = ''): string[] {
  const { properties = {}, items = {} } = schema as { properties?: Record<string, object>; items?: object }
  const own = Object.entries(properties).flatMap(([key, one]) => [
    `${before}${key}`,
    ...declared(one, `${before}${key}.`),
  ])
  return [...own, ...('properties' in items ? declared(items, before) : [])]
}

test('every field of the declaration has a help text, those of tasks and of the start too', () => {
  const names = declared(configJsonSchema() as object).filter((name) => name !== '$schema')
  expect(names).toEqual(expect.arrayContaining(['seed', 'start.epochs', 'tasks.aim', 'weights']))
  expect(allFieldHelp().map(({ name }) => name)).toEqual(names)
  const poor = allFieldHelp().filter(
    ({ title, sentences: [what = ''] }) => title === '' || what.length < 10 || /undefined|\[object/.test(what),
  )
  expect(poor.map(({ name }) => name)).toEqual([])
})

test('it says what is allowed, what an empty field means, what the choices are, and who reads it', () => {
  expect(fieldHelp('learningRate')?.sentences).toEqual(
    expect.arrayContaining([expect.stringMatching(/^it is above 0 and at most 10$/), expect.stringMatching(/aTLAS/)]),
  )
  expect(fieldHelp('batch')?.sentences).toContain('left empty it is 16')
  expect(fieldHelp('start.method')?.choices.find(({ name }) => name === 'aTLAS')?.says).toMatch(/^Learns a coefficient/)
  expect(fieldHelp('patience')?.sentences).toContain('it is 1 to 1000000, or none')
  expect(fieldHelp('no such')).toBeNull()
})
