// A process that opens what is no file, everywhere a person can name one, and prints what came of each. Arguments: a
// folder with UNUSUAL, a path that is a named pipe, a socket, a device or a folder, and the place of the links to it.
// See unusual-files.test.ts.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { evaluationRequestSchema } from '../../src-main/contract/api/evaluations.ts'
import { recordOf } from '../../src-main/contract/errors.ts'
import { currentEngine } from '../../src-main/files/engine-folder.ts'
import { featureCache } from '../../src-main/files/feature-cache.ts'
import { hashInThread } from '../../src-main/files/hash-thread.ts'
import { hashCheckpoint } from '../../src-main/files/source.ts'
import { sendDownload } from '../../src-main/server/downloads.ts'
import { importedReferences } from '../../src-main/workbench/evaluations/request.ts'
import { isCard } from '../../src-main/workbench/export/with-card.ts'
import { readPrompts } from '../../src-main/workbench/heads/prompts.ts'
import { restoreBackup } from '../../src-main/workbench/history-care.ts'
import { forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { createSupervisor } from '../../src-main/workbench/link/supervisor.ts'
import { deviceChoice } from '../../src-main/workbench/native/devices.ts'
import { resolveFile } from '../../src-main/workbench/projects.ts'
import { readDefinition } from '../../src-main/workbench/studies/definition.ts'
import { openWorkbench } from '../../src-main/workbench/workbench.ts'

const [folder = '', home = ''] = process.argv.slice(2)
const root = join(import.meta.dirname, '../..')
const sample = join(root, 'resources/sample')
const engine = () =>
  forkEngine(join(root, 'src-main/worker/door.ts'), { ...process.env, BASIL_HOME: home, BASIL_BACKEND: 'wasm' })
const at = (name: string): string => join(folder, name)

const told: Record<string, unknown> = {}
async function tried(name: string, work: () => unknown): Promise<void> {
  try {
    told[name] = { came: await work() }
  } catch (error) {
    told[name] = recordOf(error)
  }
}

const supervisor = createSupervisor(engine)
const workbench = await openWorkbench({ home, engine, resources: join(root, 'resources'), write: true })
const { dataSets, library, evaluations, projects } = workbench

for (const name of ['unusual.safetensors', 'unusual.pt', 'unusual.npz', 'unusual.safetensors.index.json'])
  await tried(`inspect ${name}`, () => supervisor.ask((client) => client.inspect({ file: at(name) })))
for (const name of [
  'unusual.csv',
  'unusual.tar',
  'unusual.parquet',
  'unusual.mat',
  'unusual.jsonl',
  'lists',
  'shards',
  'tables',
  'idx',
  'cifar',
])
  await tried(`data add ${name}`, async () => {
    const { added, refused } = await dataSets.add([at(name)])
    await dataSets.settled()
    const rows = dataSets.list().filter(({ id }) => added.includes(id))
    return [...refused, ...rows.map(({ error }) => error)].map((error) => error && `${error.code}: ${error.why}`)
  })
await tried('data add and prepare images', async () => {
  const { added } = await dataSets.add([at('images')])
  await dataSets.settled()
  for await (const event of dataSets.prepare(added[0] ?? 0, ['all'], 8))
    if (event.type === 'result') return event.result.map(({ count, skipped }) => [count, skipped])
})
await tried('projects.open', () => projects.open(at('unusual.json')))
await tried('projects.open beside it', async () => (await projects.open(at('sound.json'))).presets.length)
await tried('library add', () => library.add([at('unusual.pt')]).then(({ refused }) => refused.map(({ why }) => why)))
await tried('library add folder', () =>
  library.add([at('models')]).then(({ added, refused }) => [added.length, refused.length]),
)
await tried('library index', async () => {
  await library.add([at('sharded/model.safetensors.index.json')])
  await library.settled()
  return (await library.list()).entries.map(({ error }) => error?.why)
})
const drawn = { data: `${sample}/tasks.safetensors#mnist.test`, head: `${sample}/tasks.safetensors#head.mnist` }
const request = (task: object, model: string) =>
  evaluationRequestSchema.parse({
    models: [{ name: 'm', from: { file: model } }],
    tasks: [{ name: 'mnist', ...drawn, ...task }],
    split: 'test',
  })
for (const [name, asked] of [
  ['eval model', request({}, at('unusual.safetensors'))],
  ['eval data', request({ data: `${at('unusual.csv')}#all` }, join(sample, 'pretrained.safetensors'))],
  ['eval head', request({ head: at('unusual.pt') }, join(sample, 'pretrained.safetensors'))],
] as const)
  await tried(name, async () => {
    for await (const event of evaluations.watch(evaluations.start(asked)))
      if (event.type === 'failed') return `${event.error.code}: ${event.error.why}`
  })
await tried('eval references', () => importedReferences(at('ft_accuracies.json'), ['mnist'], 'test'))
const importing = {
  as: 'zero-shot',
  features: 'normalised',
  model: null,
  out: join(home, 'h.safetensors'),
  overwrite: false,
} as const
await tried('heads import', () =>
  supervisor.ask((client) => client.importHeads({ ...importing, heads: [{ file: at('unusual.pt'), name: 'a' }] })),
)
await tried('heads make', () => readPrompts(join(root, 'resources'), 'classes', at('unusual.csv')))
await tried('run', () => resolveFile(at('unusual.json')))
await tried('run models', async () =>
  workbench.runs.start({ ...(await resolveFile(join(sample, 'dv-basi.json'))), pretrained: at('unusual.safetensors') }),
)
await tried('study run', () => readDefinition(at('unusual.json'), (found) => found))
await tried('hash', () => hashCheckpoint(at('unusual.pt')))
await tried('hash in a thread', () => hashInThread([at('unusual.pt'), at('unusual.npz')]).hashes)
await tried('history restore', () => restoreBackup(home, at('unusual.pt'), new Date()))
await tried('card', () => isCard(at('unusual.md')))
await tried('download', () => sendDownload({} as never, at('unusual.safetensors')))
await tried('cache', async () => featureCache(at('cache')).open('a', 1, 1))
await tried('device choice', () => deviceChoice(at('data folder')))
await tried('engine in use', () => currentEngine(at('data folder')).damaged)
await tried('four at a time', async () => {
  const opened = await Promise.all(
    Array.from({ length: 8 }, () => projects.open(at('unusual.json')).catch((error) => recordOf(error).code)),
  )
  return [...new Set(opened)]
})
await supervisor.close()
await workbench.close()
console.log(JSON.stringify({ told, left: existsSync(join(home, 'h.safetensors')) }))
