// A recipe of an older version, whose columns carry the names of its files, is rebuilt from them to the bits of
// today's.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import type { Recipe } from '../../src-main/contract/run/recipe.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { canonical, inLayout } from '../../src-main/engine/layouts/index.ts'
import { openSource } from '../../src-main/files/source.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { written } from '../engine/formats/bytes.ts'
import { type Full, filled, openClip, small } from '../engine/layouts/models.ts'
import { parentOf } from './recipes.ts'

const shapes = openClip(small, 'none')

test.each(['visual.', 'model.visual.', ''])('columns named behind "%s"', async (prefix) => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-rebuild-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const named = (name: string): string => prefix + name.replace('visual.', '')
  const parent = async (seed: number, rename: (name: string) => string): Promise<Recipe['pretrained']> => {
    const file = join(folder, `${seed}.safetensors`)
    writeFileSync(file, await written(filled(shapes, 'F32', seed, true).map((t) => ({ ...t, name: rename(t.name) }))))
    return parentOf(file)
  }
  const recipeOf = async (rename: (name: string) => string): Promise<Recipe> => ({
    basil: '2',
    steps: [],
    run: null,
    name: 'old',
    method: 'atlas',
    grouping: 'tensor',
    iteration: 0,
    epoch: null,
    pretrained: await parent(1, rename),
    vectors: [await parent(2, rename)],
    groups: shapes.map(([name]) => rename(name)),
    start: [shapes.map((_, i) => i / 100)],
    iterations: [],
  })
  const form = { container: 'safetensors', layout: null, dtype: null } as const
  const contents = async (recipe: Recipe, out: string): Promise<Full[]> => {
    await rebuild({ recipe, out: join(folder, out), overwrite: false, form })
    const source = await openSource(join(folder, out))
    const view = inLayout(canonical(await openTensorFile(source)), 'open_clip')
    const found: Full[] = []
    for (const { name, dtype, shape } of view.tensors.values())
      found.push({ name, dtype, shape, bytes: (await view.read(name)).slice() })
    await source.close()
    return found
  }
  const old = await contents(await recipeOf(named), 'old.safetensors')
  expect(old).toEqual(await contents(await recipeOf((name) => name), 'new.safetensors'))
  expect(old.map((t) => t.name).sort()).toEqual(shapes.map(([name]) => name).sort())
})
