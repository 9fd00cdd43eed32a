// Hostile configurations (R11): runs, fine-tunings, recipes, studies, mixes and mergekit's recipes, made from the
// product's own schemas and from kept examples changed at one or two places, as JSON and YAML written as nobody writes
// them. Each gives a sound configuration whose files lie inside the folder that was opened, or an error that names the
// field and why; in less than a second of the processor; no other file is asked for, nothing is executed.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'

import { expect, test } from 'vitest'

import { wantedMixSchema } from '../../src-main/contract/api/mix.ts'
import { BasilError } from '../../src-main/contract/errors.ts'
import { configSchema, type ResolvedConfig } from '../../src-main/contract/run/config.ts'
import { recipeSchema } from '../../src-main/contract/run/recipe.ts'
import { parseStudy, plannedRuns, studySchema } from '../../src-main/contract/run/study.ts'
import { tuningJsonSchema } from '../../src-main/contract/tuning/config.ts'
import { readMergekit } from '../../src-main/workbench/export/mergekit/recipe.ts'
import { createProjects, parsedText } from '../../src-main/workbench/projects.ts'
import { heldDefinition, readDefinition } from '../../src-main/workbench/studies/definition.ts'
import { countOf, seedOf, tell } from '../faults/promises.ts'
import { seeded } from '../faults/seeded.ts'
import { temporaryFolder, toyFile } from '../workbench/toy.ts'
import { type Draw, drawn } from './archive-mutants.ts'
import { createBars } from './bars.ts'
import { watchDoors } from './doors.ts'
import { watchFiles } from './opened-files.ts'
import { changed, type Json, type Shape, shapeOf, valueOf } from './schema-values.ts'
import { written } from './written-oddly.ts'

const seed = seedOf(20_261_129)
const isObject = (value: Json): value is { [key: string]: Json } => typeof value === 'object' && value !== null
const root = join(import.meta.dirname, '..', '..')
const json = (...path: string[]): Json => JSON.parse(readFileSync(join(root, ...path), 'utf8')) as Json

const samples = readdirSync(join(root, 'resources', 'sample')).filter((name) => name.endsWith('.json'))
const configs = samples
  .map((name) => json('resources', 'sample', name))
  .filter((one) => isObject(one) && 'method' in one)
const common = {
  pretrained: 'base.safetensors',
  task: { name: 'cars', data: 'cars#train', head: 'cars#head' },
  steps: 9,
}

interface Kind {
  shape?: Shape
  examples: readonly Json[]
  forms: readonly ('json' | 'yaml')[]
  roams?: boolean // it names models by whatever path, as in mergekit, and says which there are
  /** The files that it would have opened. Throws what is wrong with it. */
  read(file: string, text: string): Promise<readonly string[]>
}

/** What the window and the browser do with a file in a folder that a person opened. */
function kindsIn(folder: string): Record<string, Kind> {
  const projects = createProjects()
  const grant = projects.within(folder)
  const either = ['json', 'yaml'] as const
  const planned = (definition: unknown): string[] =>
    plannedRuns(parseStudy(definition), () => 0.5).flatMap(({ config }) => pathsOf(projects.resolve(grant, config)))
  const study: Omit<Kind, 'read'> = {
    shape: shapeOf(studySchema),
    examples: [
      {
        name: 's',
        config: toyFile as Json,
        arms: [{ label: 'a' }, { label: 'b', change: { seed: 2 } }],
        seeds: [0, 1],
      },
      { name: 's', config: toyFile as Json, sweep: { fields: { learningRate: [0.1, 0.2], 'start.epochs': [1] } } },
      { name: 's', config: 'run.json', seeds: [3] },
    ],
    forms: either,
  }
  return {
    run: {
      shape: shapeOf(configSchema),
      examples: [toyFile as Json, ...configs],
      forms: either,
      read: async (file, text) => {
        writeFileSync(file, text)
        return pathsOf(projects.resolve(grant, (await projects.open(file)).config))
      },
    },
    dropped: {
      shape: shapeOf(configSchema),
      examples: [toyFile as Json],
      forms: either,
      read: async (file, text) =>
        pathsOf(projects.resolve(grant, projects.take(file.split(sep).at(-1) ?? '', text).config)),
    },
    tune: {
      shape: tuningJsonSchema() as Shape,
      examples: ['standard', 'linear', 'lora', 'talos'].map((kind) => ({ kind, ...common })),
      forms: either,
      read: async (file, text) => {
        const { pretrained, task } = projects.resolveTuning(grant, parsedText(text, file))
        return [pretrained, task.data, task.head]
      },
    },
    study: {
      ...study,
      read: async (file, text) => {
        writeFileSync(file, text)
        return planned(
          (
            await readDefinition(
              file,
              (found) => found,
              (config) => projects.named(grant, config),
            )
          ).definition,
        )
      },
    },
    'dropped study': { ...study, read: async (file, text) => planned(heldDefinition(text, file)) },
    recipe: {
      shape: shapeOf(recipeSchema),
      examples: (json('test', 'golden', 'recipes', 'form-1.json') as { recipe: Json }[]).map(({ recipe }) => recipe),
      forms: ['json'],
      read: async (_, text) => ofSchema(recipeSchema, text),
    },
    mix: {
      shape: shapeOf(wantedMixSchema),
      examples: [{ run: 7 }],
      forms: ['json'],
      read: async (_, text) => ofSchema(wantedMixSchema, text),
    },
    mergekit: {
      examples: [
        {
          merge_method: 'ties',
          models: [{ model: 'a.safetensors', parameters: { density: 0.5 } }],
          base_model: 'b.safetensors',
        },
        {
          merge_method: 'slerp',
          models: [{ model: 'a.safetensors' }],
          base_model: 'b.safetensors',
          parameters: { t: [0, 0.5, 1] },
        },
        {
          merge_method: 'linear',
          models: [{ model: { path: 'a.safetensors' } }],
          dtype: 'bfloat16',
          tokenizer: { source: 'base' },
        },
      ],
      forms: ['yaml'],
      roams: true,
      read: async (file, text) => {
        await readMergekit(file, text)
        return []
      },
    },
  }
}

test(`${countOf('R11')} configurations give a sound one within the folder, or an error that names the field`, async () => {
  const began = performance.now()
  const above = temporaryFolder()
  const folder = join(above, 'opened')
  for (const name of ['opened', 'outside']) mkdirSync(join(above, name))
  for (const name of ['a.safetensors', 'b.safetensors']) writeFileSync(join(folder, name), '')
  writeFileSync(join(folder, 'run.json'), JSON.stringify(toyFile))
  for (const name of ['secret.safetensors', 'secret', 'run.json'])
    writeFileSync(join(above, 'outside', name), JSON.stringify(toyFile))
  const kinds = Object.entries(kindsIn(folder))
  const chance = seeded(seed)
  const draw: Draw = (n) => Math.floor(chance() * n)
  const count = countOf('R11')
  const [sound, refused] = [new Map<string, number>(), new Map<string, number>()]
  const wrong: Error[] = []
  const bars = createBars()
  const doors = watchDoors()
  const files = watchFiles()
  const outside = new Set<string>()
  for (let i = 0; i < count; i++) {
    const [name, kind] = drawn(draw, kinds)
    const form = drawn(draw, kind.forms)
    const text = written(madeOf(kind, draw), form, draw, 5)
    const file = join(folder, `opened.${form}`)
    try {
      const paths = await bars.around(1, () => kind.read(file, text))
      if (!paths.every((path) => isInside(folder, path))) throw new Error(`it would open ${paths.join(', ')}`)
      sound.set(name, (sound.get(name) ?? 0) + 1)
    } catch (error) {
      refused.set(name, (refused.get(name) ?? 0) + 1)
      if (!namesItsField(error)) wrong.push(new Error(`${i}, ${name}: ${text.slice(0, 400)}`, { cause: error }))
    }
    for (const path of files.taken()) if (!kind.roams && !isInside(folder, path)) outside.add(path)
  }
  const opened = doors()
  files.stop()
  const polluted =
    Object.keys(Object.prototype).length + ('polluted' in {} ? 1 : 0) + ('executed' in globalThis ? 1 : 0)
  const lost = wrong.length + outside.size + opened.length + polluted
  const shares = kinds.map(
    ([name]) => `${name} ${sound.get(name) ?? 0} of ${(sound.get(name) ?? 0) + (refused.get(name) ?? 0)}`,
  )
  tell('R11', began, { count, lost, differ: 0, seed, besides: `sound: ${shares.join(', ')}; ${bars.inWords()}` })
  if (wrong[0]) throw wrong[0]
  expect({ outside: [...outside], opened, polluted }).toEqual({ outside: [], opened: [], polluted: 0 })
  bars.expectKept(2)
  for (const [name] of kinds)
    expect(Math.min(sound.get(name) ?? 0, refused.get(name) ?? 0), name).toBeGreaterThan(count / 500)
})

function madeOf({ shape, examples }: Kind, draw: Draw): Json {
  if (shape && draw(3) === 0) return valueOf(shape, draw)
  let value = drawn(draw, examples)
  for (let changes = draw(3); changes > 0; changes--) value = changed(value, draw)
  return value
}

const isInside = (folder: string, path: string): boolean => path === folder || path.startsWith(`${folder}${sep}`)

function pathsOf({ pretrained, vectors, tasks }: ResolvedConfig): string[] {
  const all = [pretrained, ...vectors, ...tasks.flatMap((t) => [t.data, t.head, t.validation, t.test, t.finetuned])]
  return all.filter((path) => path !== null)
}

/** As the contract's door reads it. */
function ofSchema(schema: typeof recipeSchema | typeof wantedMixSchema, text: string): readonly string[] {
  const { success, error } = schema.safeParse(valueIn(text))
  if (success) return []
  const [issue] = error.issues
  const why = `${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? ''}`
  throw new BasilError({
    code: 'message-invalid',
    what: 'It is none',
    where: issue?.path.join('.') || 'the whole',
    why,
    next: 'correct it',
  })
}

function valueIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const codes = ['config-invalid', 'not-allowed', 'not-supported', 'file-missing', 'file-unreadable', 'message-invalid']

function namesItsField(error: unknown): boolean {
  if (!(error instanceof BasilError)) return false
  const { code, where, why, next } = error.record
  return codes.includes(code) && where.length > 0 && why.length > 4 && next.length > 4
}
