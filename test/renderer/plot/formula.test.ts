// An equation of a card in lines, and what stands below them.
import { expect, test } from 'vitest'

import { merges } from '../../../src-main/contract/merges/index.ts'
import { methods } from '../../../src-main/contract/methods/index.ts'
import { formulaLines } from '../../../src-renderer/plot/formula.ts'

const shown = (equation: string): string[] =>
  formulaLines(equation).map((line) => line.map(({ text, sub }) => (sub ? `[${text}]` : text)).join(''))

test('what follows "_" stands below, to the end of its letters; parts of an equation are lines of their own', () => {
  expect(shown('θ = θ_pre + λ τ,   τ = mean of the τ_t that have the sign of Σ_t τ_t')).toEqual([
    'θ = θ[pre] + λ τ',
    'τ = mean of the τ[t] that have the sign of Σ[t] τ[t]',
  ])
  expect(shown('δ_k = θ_k−1 − θ_pre,   θ_k,b = θ_k−1,b')).toEqual(['δ[k] = θ[k−1] − θ[pre]', 'θ[k,b] = θ[k−1,b]'])
  expect(shown('τ_i = τ_t,i,   t = argmax_t |τ_t,i|')).toEqual(['τ[i] = τ[t,i]', 't = argmax[t] |τ[t,i]|'])
  expect(shown('δ_k = θ_{k−1} − θ_pre,   θ_k,b = θ_{k−1,b}')).toEqual(['δ[k] = θ[k−1] − θ[pre]', 'θ[k,b] = θ[k−1,b]'])
  expect(shown('cos(θ_1, θ_2)')).toEqual(['cos(θ[1], θ[2])'])
})

test('no equation of a card keeps a "_", and none loses anything else', () => {
  for (const { equation } of [...merges, ...methods]) {
    const parts = formulaLines(equation).flat()
    const text = parts.map((part) => part.text)
    expect(text.join('')).not.toContain('_')
    expect(parts.filter((part) => !part.sub && /^[−+]\d/.test(part.text))).toEqual([]) // "k−1" is one subscript
    expect(text.join('').replaceAll(/[\s,{}]/g, '')).toBe(equation.replaceAll(/[\s,_{}]/g, ''))
  }
})
