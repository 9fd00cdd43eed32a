// Values that look alike do not pass for each other where types are checked, and are the plain value everywhere else.
import { expect, expectTypeOf, test } from 'vitest'

import {
  type Bytes,
  bytes,
  type Milliseconds,
  milliseconds,
  type RunId,
  runId,
  type Sha256,
  sha256,
} from '../../src-main/contract/branded.ts'
import { parentSchema } from '../../src-main/contract/run/run.ts'

test('a hash, bytes, milliseconds and the number of a run are no other text or number', () => {
  expectTypeOf<string>().not.toExtend<Sha256>()
  expectTypeOf<number>().not.toExtend<Bytes>()
  expectTypeOf<Bytes>().not.toExtend<Milliseconds>()
  expectTypeOf<Milliseconds>().not.toExtend<RunId>()
  expectTypeOf<Sha256>().toExtend<string>()
  expectTypeOf<Bytes>().toExtend<number>()
})

test('in JSON they are the plain value, and come out of a schema with their type', () => {
  expect(JSON.stringify([sha256('ab'), bytes(3), milliseconds(0.5), runId(7)])).toBe('["ab",3,0.5,7]')
  const parent = parentSchema.parse({ role: 'data', file: '/a', name: 'a', bytes: 3, sha256: 'ab' })
  expectTypeOf(parent.sha256).toEqualTypeOf<Sha256>()
  expect(parent.sha256).toBe('ab')
})

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d is no number of bytes, milliseconds or a run', (number) => {
  for (const make of [bytes, milliseconds, runId]) expect(() => make(number)).toThrow()
})
