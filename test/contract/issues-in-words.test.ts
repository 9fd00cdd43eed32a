// What a schema has against a value, in a person's words: the limit and what there is, never a type's or a code's
// name.
import { expect, it } from 'vitest'
import { z } from 'zod'

import { errorSchema } from '../../src-main/contract/errors.ts'
import { configIssues } from '../../src-main/contract/run/resolve.ts'

const said = (schema: z.ZodType, value: unknown): string | undefined =>
  schema.safeParse(value).error?.issues[0]?.message

it.each([
  [z.string().max(200), 'x'.repeat(250), 'at most 200 characters; this has 250'],
  [z.string().min(1), '', 'at least 1 character; this has 0'],
  [z.array(z.number()).min(2), [1], 'at least 2 entries; this has 1'],
  [z.number().max(1), 3, 'it has to be at most 1'],
  [z.number().positive(), 0, 'it has to be more than 0'],
  [z.number(), 'three', 'it has to be a number, and is a text'],
  [z.number().int(), 0.5, 'it has to be a whole number, and is a fraction'],
  [z.number(), undefined, 'it is missing: a number'],
  [z.object({}), [], 'it has to be an object with fields, and is a list'],
  [z.string(), null, 'it has to be a text, and is empty'],
  [z.enum(['gelu', 'quick_gelu']), 'gello', 'it has to be one of gelu, quick_gelu; this is "gello"'],
  [z.literal('dv-basi'), 'x', 'it has to be dv-basi; this is "x"'],
  [z.strictObject({}), { version: 1 }, 'there is no such field: version'],
  [z.union([z.number(), z.boolean()]), 'x', 'it has none of the forms that are allowed here'],
  [z.string().regex(/^a/), 'b', 'it is not written as it has to be'],
  [z.number().multipleOf(2), 3, 'it has to be a multiple of 2'],
])('%# says it', (schema, value, words) => {
  expect(said(schema, value)).toBe(words)
})

it('no issue of a configuration is in the words of the library', () => {
  const wrong = {
    ...{ name: 'x'.repeat(300), method: 'alchemy', pretrained: 7, vectors: 'a', tasks: [{}], seed: -1.5 },
    ...{ epochs: 'many', clamp: [1], blocks: 3, start: 4, nothing: 1 },
  }
  const issues = configIssues(wrong)
  expect(issues.length).toBeGreaterThan(8)
  expect(
    issues.filter(({ message }) => /expected|received|Invalid|Too (big|small)|undefined|NaN/.test(message)),
  ).toEqual([])
  expect(
    errorSchema
      .safeParse({})
      .error?.issues.map(({ message }) => message)
      .join(),
  ).not.toMatch(/Invalid/)
})
