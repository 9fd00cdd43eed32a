// What is wrong in JSON is told by its place, which is V8's own where V8 tells one, and nothing of the text is quoted.
import { expect, it } from 'vitest'

import { parseJson } from '../../src-main/contract/json.ts'
import { seeded } from '../faults/seeded.ts'

it.each([
  ['root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1\n', 'line 1, column 1'],
  ['{"a": 1,\n "b": secret}', 'line 2, column 7'],
  ['{"a": 1,\r\n\r\n "b" 2}', 'line 3, column 6'],
  ['[1, 2', 'line 1, column 6'],
  ['', 'line 1, column 1'],
  ['{"a": "unended', 'line 1, column 15'],
  ['{"a": "b\\qc"}', 'line 1, column 9'],
  ['{"a": 1} hunter2', 'line 1, column 10'],
  ['{"a": 1,}', 'line 1, column 9'],
  ['[01]', 'line 1, column 3'],
  ["{'password': 1}", 'line 1, column 2'],
  ['[1}', 'line 1, column 3'],
])('%j: %s', (text, place) => {
  expect(() => parseJson(text)).toThrow(new SyntaxError(`it is not JSON from ${place} on`))
})

it('gives what JSON.parse gives, and finds the place that V8 finds, in 20,000 mutants', () => {
  const chance = seeded(7)
  const sound = JSON.stringify(
    { method: 'dv-basi', vectors: ['a\n\u00e9', "b'", null, true], tasks: [{ n: -1.5e-3, o: {}, p: [] }] },
    null,
    1,
  )
  const letters = '{}[],:"\\ \n01-eEtrufalsn.x\u0007'
  let compared = 0
  for (let i = 0; i < 20_000; i++) {
    const at = Math.floor(chance() * sound.length)
    const cut = Math.floor(chance() * 3)
    const text = sound.slice(0, at) + (letters[Math.floor(chance() * letters.length)] ?? '') + sound.slice(at + cut)
    let expected: unknown
    let said = ''
    try {
      expected = JSON.parse(text)
    } catch (error) {
      said = (error as Error).message
    }
    if (said === '') expect(parseJson(text)).toEqual(expected)
    else {
      const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(said) ?? []
      expect(() => parseJson(text)).toThrow(/^it is not JSON from line \d+, column \d+ on$/)
      // of a broken string or number V8 tells a place inside of it
      if (line === undefined || !said.startsWith('Expected')) continue
      expect(() => parseJson(text)).toThrow(`line ${line}, column ${column} on`)
      compared++
    }
  }
  expect(compared).toBeGreaterThan(2000)
})
