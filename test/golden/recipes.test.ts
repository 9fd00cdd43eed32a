// Recipes of the first form, as files carry them that Basil wrote before recipes had steps: one of each way a run could
// go, and a merge without a run. Each is read for ever, says the same of its coefficients' names, and is rebuilt to the
// bits that were written then; the file that is written now carries the present form, which gives the same bytes again.
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { formSchema } from '../../src-main/contract/checkpoint.ts'
import { effectiveCoefficients } from '../../src-main/contract/run/coefficients.ts'
import { type Recipe, recipeSchema } from '../../src-main/contract/run/recipe.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { folder as golden } from './fixture.ts'

interface Kept {
  name: string
  recipe: Record<string, unknown>
  content: string // SHA-256 over all tensors in the order of their names
}
const kept: Kept[] = JSON.parse(readFileSync(join(import.meta.dirname, 'recipes', 'form-1.json'), 'utf8'))

const [alpha, beta, gamma] = ['alpha', 'beta', 'gamma'].map((task) => `finetuned-${task}.safetensors`)
const three = [alpha, beta, gamma]
const ties = (output: string) => ({ method: 'ties', parameters: { density: 0.2, output } })
const expected: Record<string, { steps: unknown[]; names: unknown[] }> = {
  aTLAS: { steps: [], names: three },
  'DV-BASI, a coefficient a layer': { steps: [], names: three },
  TIES: { steps: [ties('merged')], names: ['TIES of 3'] },
  'TIES and iterations': { steps: [ties('merged')], names: ['TIES of 3'] },
  'trimmed vectors of AdaMerging++': { steps: [ties('trimmed')], names: three.map((name) => `${name}, trimmed`) },
  'aTLAS x 3': {
    steps: [{ method: 'random-parts', parameters: { parts: 3, seed: 7 } }],
    names: three.flatMap((name) => [1, 2, 3].map((part) => `${name}, part ${part} of 3`)),
  },
  'TIES in two parts': {
    steps: [ties('merged'), { method: 'random-parts', parameters: { parts: 2, seed: 0 } }],
    names: ['TIES of 3, part 1 of 2', 'TIES of 3, part 2 of 2'],
  },
  restart: { steps: [], names: three },
  'random directions': { steps: [], names: [...three, ...[1, 2, 3].map((k) => `random direction ${k}`)] },
  'basil merge': { steps: [], names: three },
}

/** With the files of the golden models: a recipe in a file names no path. */
function placed(recipe: Recipe): Recipe {
  const here = (parent: Recipe['pretrained']): Recipe['pretrained'] => ({ ...parent, file: join(golden, parent.name) })
  return { ...recipe, pretrained: here(recipe.pretrained), vectors: recipe.vectors.map(here) }
}

async function contentOf(path: string): Promise<{ content: string; recipe: unknown }> {
  const source = await openSource(path)
  const file = await openTensorFile(source)
  const hash = createHash('sha256')
  for (const { name, dtype, shape } of [...file.tensors.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    hash.update(`${name} ${dtype} [${shape}]\n`).update(await file.read(name))
  const recipe: unknown = JSON.parse(file.metadata['basil.recipe'] ?? 'null')
  await source.close()
  return { content: hash.digest('hex'), recipe }
}

test.each(kept)('$name: a recipe of form 1 gives the bits it gave', async ({ name, recipe, content }) => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-recipes-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  expect(recipe).toMatchObject({ basil: '1' })
  const read = recipeSchema.parse(recipe)
  expect(read).toMatchObject({ basil: '2', steps: expected[name]?.steps })
  expect(read).not.toHaveProperty('prepared')
  expect(effectiveCoefficients(read).map((share) => share.name)).toEqual(expected[name]?.names)

  const form = formSchema.parse({})
  const [first, second] = [join(folder, 'first.safetensors'), join(folder, 'second.safetensors')]
  await rebuild({ recipe: placed(read), out: first, overwrite: false, form })
  const written = await contentOf(first)
  expect(written.content).toBe(content)
  expect(written.recipe).toMatchObject({ basil: '2', steps: expected[name]?.steps })

  await rebuild({ recipe: placed(recipeSchema.parse(written.recipe)), out: second, overwrite: false, form })
  expect(await hashFile(second)).toEqual(await hashFile(first))
})

test('a form, a merge or a parameter that this version does not know is refused by its name', () => {
  const [{ recipe }] = kept as [Kept]
  const issueOf = (of: object) => recipeSchema.safeParse({ ...recipe, prepared: undefined, ...of }).error?.issues[0]
  expect(issueOf({ basil: '3', steps: [] })).toMatchObject({ path: ['basil'], message: expect.stringMatching(/form/) })
  expect(issueOf({ basil: '2', steps: [{ method: 'sorcery', parameters: {} }] })).toMatchObject({
    path: ['steps', 0, 'method'],
    message: expect.stringMatching(/"sorcery"/),
  })
  expect(issueOf({ basil: '2', steps: [{ method: 'ties', parameters: { density: 2 } }] })).toMatchObject({
    path: ['steps', 0, 'parameters', 'density'],
  })
})
