// Anything a terminal can do, the window can: every command names the page where it is done, and an action or words of
// that page. A new command fails here until it has a place in the window, or a reason why it has none.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Command } from 'commander'
import { expect, test } from 'vitest'

import { commands } from '../../src-main/cli/commands.ts'

const root = join(import.meta.dirname, '../..')
const renderer = join(root, 'src-renderer')

/** An action by its id, or words in a file of the renderer. */
type Place = { page: string; action: string } | { page: string; file: string; words: string }
const by = (page: string, action: string): Place => ({ page, action })
const on = (page: string, file: string, words: string): Place => ({ page, file, words })

const inTheWindow: Readonly<Record<string, Place>> = {
  run: by('compose', 'start-run'),
  resume: by('run', 'resume-run'),
  show: on('run', 'pages/Report.svelte', 'Export'),
  export: by('run', 'export-model'),
  inspect: on('checkpoint', 'pages/library/Checkpoint.svelte', 'What it is'),
  report: by('problem', 'save-report'),
  doctor: on('engine', 'pages/engine/Engine.svelte', 'GPU'),
  demo: by('welcome', 'open-sample'),
  runs: by('history', 'find-runs'),
  'runs tag': by('history', 'tag-runs'),
  'runs pin': by('history', 'pin-runs'),
  'runs unpin': by('history', 'unpin-runs'),
  'runs trash': by('history', 'trash-runs'),
  'runs restore': by('history', 'restore-runs'),
  'runs rename': on('run', 'pages/RunCare.svelte', 'Name'),
  'runs note': on('run', 'pages/RunCare.svelte', 'Notes'),
  'runs empty-trash': by('history', 'empty-trash'),
  convert: by('checkpoint', 'convert-checkpoint'),
  'extract-lora': by('library', 'extract-lora'),
  diff: by('library', 'compare-two'),
  compatible: by('library', 'check-compatibility'),
  bases: by('library', 'find-bases'),
  merge: by('merge', 'start-merge'),
  'merge methods': on('merge', 'pages/merge/Methods.svelte', 'Learn more of'),
  disentangle: on('study', 'pages/study/Disentanglement.svelte', 'disturb'),
  library: on('library', 'pages/library/Library.svelte', 'Library'),
  'library add': by('library', 'add-by-path'),
  'library list': on('library', 'pages/library/Rows.svelte', 'VirtualTable'),
  'library show': on('checkpoint', 'pages/library/Checkpoint.svelte', 'SHA-256'),
  'library refresh': by('library', 'refresh-library'),
  'library forget': by('library', 'forget-checkpoints'),
  'library tag': by('library', 'tag-checkpoints'),
  'library describe': on('checkpoint', 'pages/library/Checkpoint.svelte', 'checkpoint-role'),
  data: on('data', 'pages/data/Data.svelte', 'Data'),
  'data add': by('data', 'add-data-by-path'),
  'data list': on('data', 'pages/data/Rows.svelte', 'Classes'),
  'data show': on('data-set', 'pages/data/DataSet.svelte', 'Splits'),
  'data leaks': by('data-set', 'find-leaks'),
  'data prepare': by('data-set', 'prepare-data'),
  'data forget': by('data', 'forget-data'),
  refine: by('checkpoint', 'refine-checkpoint'),
  'fine-tune': by('fine-tune', 'start-tuning'),
  study: on('studies', 'pages/study/Studies.svelte', 'Studies'),
  'study run': on('studies', 'actions/project.ts', "place.kind === 'study'"),
  'study controls': by('compose', 'run-with-controls'),
  'study adapt': by('studies', 'adapt-to-each'),
  'study list': on('studies', 'pages/study/Studies.svelte', 'Every study'),
  'study show': on('study', 'pages/study/Study.svelte', 'ArmTable'),
  'study pause': by('study', 'pause-study'),
  'study resume': by('study', 'resume-study'),
  'study forget': by('study', 'forget-study'),
  preset: by('studies', 'reproduce-table'),
  'preset list': by('studies', 'reproduce-table'),
  'preset plan': on('studies', 'pages/study/Reproduce.svelte', 'issing'),
  cluster: on('clusters', 'pages/clusters/Clusters.svelte', 'Clusters'),
  'cluster add': by('clusters', 'add-cluster'),
  'cluster list': on('clusters', 'pages/clusters/Clusters.svelte', 'each cluster'),
  'cluster remove': on('clusters', 'pages/clusters/Clusters.svelte', 'removeCluster'),
  'cluster probe': on('clusters', 'pages/clusters/Clusters.svelte', 'clusters.probe('),
  'cluster submit': by('study', 'run-study-on'),
  'cluster status': on('study', 'pages/study/Tasks.svelte', 'scheduler’s words'),
  'cluster cancel': by('study', 'cancel-there'),
  'cluster retry': by('study', 'retry-there'),
  'cluster collect': by('study', 'look-there'),
  'cluster take-back': by('study', 'take-back'),
  eval: on('evaluations', 'pages/evaluation/Evaluations.svelte', 'Evaluat'),
  queue: on('queue', 'pages/queue/Queue.svelte', 'Queue'),
  'queue list': on('queue', 'pages/queue/Queue.svelte', 'At work and waiting'),
  'queue show': by('queue', 'show-request'),
  'queue move': by('queue', 'move-job-up'),
  'queue pause': by('queue', 'pause-job'),
  'queue resume': by('queue', 'resume-job'),
  'queue cancel': by('queue', 'cancel-job'),
  'queue retry': by('queue', 'retry-job'),
  'queue clear': by('queue', 'prune-jobs'),
  'queue add': by('compose', 'start-run'), // all work that is asked for waits its turn
  'queue add run': by('compose', 'start-run'),
  'queue add study': by('compose', 'sweep-fields'),
  'queue add eval': by('library', 'evaluate-row'),
  'queue add export': by('run', 'export-model'),
  'queue add convert': by('checkpoint', 'convert-checkpoint'),
  'queue add merge': by('merge', 'start-merge'),
  history: on('settings', 'pages/settings/Settings.svelte', 'Backups'),
  'history backups': on('settings', 'pages/settings/Backups.svelte', 'Backups'),
  'history salvage': by('settings', 'bring-back'),
  'history restore': by('settings', 'restore-backup'),
  heads: by('library', 'make-head'),
  'heads make': on('library', 'pages/heads/FromClasses.svelte', 'template'),
  'heads import': on('library', 'pages/heads/Imported.svelte', 'file'),
  'heads probe': on('library', 'pages/heads/Probe.svelte', 'images'),
  engine: on('engine', 'pages/engine/Engine.svelte', 'Engine'),
  'engine install': by('engine', 'install-cpu'),
  'engine status': on('engine', 'pages/engine/EngineRows.svelte', 'state'),
  'engine measure': by('engine', 'measure-engines'),
  'engine use': on('engine', 'pages/engine/EngineRows.svelte', 'canChoose'),
  'engine remove': by('engine', 'remove-engine'),
  verify: by('checkpoint', 'follow-recipe'),
  methods: on('topic', 'components/help/Card.svelte', 'paper'),
}

/** What has no place in the window, and why. */
const elsewhere: Readonly<Record<string, string>> = {
  serve: 'it opens the window',
  'queue run': 'the window works on its queue by itself',
  bench: 'hours of measuring with a Python beside it; the page Engine measures the engines',
  'cluster pack': 'an archive for administrators; the window sends the program by itself',
  schema: 'for editors of configurations; the page Compose is the form',
}

/** What is an option in a terminal. */
const options: Readonly<Record<string, Place>> = {
  'extract-lora --modules': on('library', 'pages/library/Derive.svelte', 'lora-modules'),
  'extract-lora --layout': on('library', 'pages/library/Derive.svelte', 'lora-layout'),
  'merge --layout': on('merge', 'pages/merge/Output.svelte', 'merge-layout'),
  'merge --plan': on('merge', 'pages/merge/Planned.svelte', 'Tensors'),
  'merge --report': on('compatible', 'state/checkpoints/comparison.svelte.ts', 'mergeReport'),
  'merge --score': by('merge', 'start-search'),
  'merge --score-log': on('merge', 'pages/merge/Search.svelte', 'search-log'),
  'merge RECIPE.yaml': on('merge', 'actions/project.ts', "place.kind === 'mergekit'"),
  'merge --data': on('merge', 'pages/merge/Looking.svelte', 'Images it looks at'),
  'merge --tokenizer-source': on('merge', 'pages/merge/Output.svelte', 'merge-tokenizer'),
}

const texts = (folder: string): string =>
  readdirSync(join(renderer, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(renderer, folder, name), 'utf8'))
    .join('\n')

/** With those that they have themselves. */
async function everyCommand(): Promise<string[]> {
  const below = (command: Command, before: string): string[] => {
    const name = `${before}${command.name()}`
    return [name, ...command.commands.flatMap((one) => below(one, `${name} `))]
  }
  const made = await Promise.all(Object.values(commands).map((load) => load()))
  return made.flatMap((command) => below(command, '')).sort()
}

test('a command stands under its own name', async () => {
  for (const [name, load] of Object.entries(commands)) expect((await load()).name()).toBe(name)
})

test('every command of a terminal has its place in the window, or a reason why it has none', async () => {
  const all = await everyCommand()
  expect(all.length).toBeGreaterThan(80)
  expect(all.filter((name) => inTheWindow[name] === undefined && elsewhere[name] === undefined)).toEqual([])
  const named = [...Object.keys(inTheWindow), ...Object.keys(elsewhere)]
  expect(named.filter((name) => !all.includes(name))).toEqual([]) // none is left of a command that has gone
})

test('every place is there: its page, its action or its words', () => {
  const actions = new Set([...texts('actions').matchAll(/\bid: '([\w-]+)'/g)].map(([, id = '']) => id))
  const pages = new Set(
    [...readFileSync(join(renderer, 'pages/index.ts'), 'utf8').matchAll(/page\('([\w-]+)'/g)].map(
      ([, name = '']) => name,
    ),
  )
  const isThere = (place: Place): boolean =>
    pages.has(place.page) &&
    ('action' in place
      ? actions.has(place.action)
      : readFileSync(join(renderer, place.file), 'utf8').includes(place.words))
  const places = Object.entries({ ...inTheWindow, ...options })
  expect(places.filter(([, place]) => !isThere(place))).toEqual([])
})
