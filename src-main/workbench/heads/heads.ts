// Heads for a window: made of words, imported or fitted by the engine, written to the data folder's heads under names
// of their own, and added to the library. Models and data are rows of the library; a page names no paths.
import { join } from 'node:path'

import type {
  HeadDone,
  HeadEvent,
  HeadImport,
  HeadRequest,
  ProbeEvent,
  ProbeRequest,
} from '../../contract/api/heads.ts'
import { headNameOf } from '../../contract/named-tensor.ts'
import type { Exported } from '../../contract/run/recipe.ts'
import type { Progress } from '../../contract/run/run.ts'
import { requireFree } from '../../files/write-atomic.ts'
import { inFolder } from '../export/exports.ts'
import type { Library } from '../library/library.ts'
import type { EngineClient } from '../link/engine-link.ts'
import { heard } from '../link/heard.ts'
import type { Supervisor } from '../link/supervisor.ts'
import { knownPrompts, type Prompts, promptsOf } from './prompts.ts'

type Texts = string | string[]
type Told = AsyncGenerator<Progress | { type: 'result'; result: HeadDone }, void>
type Images = { id: number; name: string }
type WithoutPaths<T> = Omit<T, 'model' | 'out' | 'overwrite' | 'merges'> & { model: number }

export interface Heads {
  prompts(): { classes: Prompts[]; templates: Prompts[] }
  make(
    request: Omit<WithoutPaths<HeadRequest>, 'classes' | 'templates'> & { classes: Texts; templates: Texts | null },
  ): Told
  importHead(
    request: Omit<HeadImport, 'heads' | 'model' | 'out' | 'overwrite'> & {
      id: number
      name?: string
      model: number | null
    },
  ): Told
  probe(
    request: Omit<WithoutPaths<ProbeRequest>, 'data' | 'validation' | 'classes'> & {
      data: Images
      validation: Images | null
      classes: Texts | number
    },
  ): Told
}

interface HeadsOptions {
  home: string // the data folder
  resources: string // the folder of the program's own files
  supervisor: Supervisor
  library: Library
  /** Throws where nothing may be begun now. */
  ready: () => void
}

export function createHeads({ home, resources, supervisor, library, ready }: HeadsOptions): Heads {
  const pathOf = (id: number): string => library.show(id).path
  const imagesAt = ({ id, name }: Images): string => `${pathOf(id)}#${name}`
  const merges = join(resources, 'text', 'bpe_simple_vocab_16e6.txt.gz')
  const texts = (kind: 'classes' | 'templates', given: Texts): string[] =>
    typeof given === 'string' ? promptsOf(resources, kind, given).texts : given

  /** Of what `question` writes at the path it is given, which is free. */
  async function* told(
    name: string,
    question: (client: EngineClient, out: string) => Promise<AsyncIterable<HeadEvent | ProbeEvent>>,
  ): Told {
    ready()
    const out = await inFolder(join(home, 'heads'), `${name}.safetensors`, freePath)
    for await (const event of heard(supervisor, (client) => question(client, out))) {
      if (event.type === 'progress') yield event
      else
        yield {
          type: 'result',
          result: { ...(await done(name, event, 'report' in event ? event.report : null)), warnings: event.warnings },
        }
    }
  }

  async function done(
    name: string,
    { file, bytes, sha256, tensors }: Exported,
    report: HeadDone['report'],
  ): Promise<HeadDone> {
    const { added, known } = await library.add([file])
    return { file, bytes, sha256, tensors, head: `${file}#head.${name}`, entry: added[0] ?? known[0] ?? null, report }
  }

  return {
    prompts: () => ({ classes: knownPrompts(resources, 'classes'), templates: knownPrompts(resources, 'templates') }),
    make: ({ model, classes, templates, ...request }) => {
      const words = {
        classes: texts('classes', classes),
        templates: texts('templates', templates ?? (typeof classes === 'string' ? classes : ['a photo of a {}.'])),
      }
      return told(request.name, (client, out) =>
        client.makeHead({ ...request, ...words, model: pathOf(model), merges, out, overwrite: false }),
      )
    },
    importHead: ({ id, model, as, features, name = headNameOf(pathOf(id)) }) => {
      const [heads, of] = [[{ file: pathOf(id), name }], model === null ? null : pathOf(model)]
      return told(name, async (client, out) =>
        once(await client.importHeads({ heads, as, features, model: of, out, overwrite: false })),
      )
    },
    probe: ({ model, data, validation, classes, ...request }) => {
      const images = { data: imagesAt(data), validation: validation && imagesAt(validation) }
      const labels = typeof classes === 'number' ? classes : texts('classes', classes)
      const whole = { ...request, ...images, classes: labels, model: pathOf(model), overwrite: false }
      return told(request.name, (client, out) => client.probeHead({ ...whole, out }))
    },
  }
}

async function freePath(path: string): Promise<string> {
  await requireFree(path, { overwrite: false })
  return path
}

async function* once(exported: Exported): AsyncGenerator<HeadEvent> {
  yield { type: 'written', ...exported }
}
