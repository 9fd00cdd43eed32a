// A head being made: of class names by a CLIP model's text tower, of another program's file, or fitted on labelled
// images. One at a time.
import type { HeadDone } from '../../../src-main/contract/api/heads.ts'
import { client } from '../../bridge.ts'
import { LongWork } from './long-work.svelte.ts'

export const headWays = {
  make: 'From class names',
  import: 'From another program’s head',
  probe: 'Linear probe on images',
} as const
export type HeadWay = keyof typeof headWays
type Prompts = Awaited<ReturnType<typeof client.heads.prompts>>

class Heads {
  open = $state(false)
  way = $state<HeadWay>('make')
  /** What the dialog begins with: a name, and class names where no list of Basil's has them. */
  begin = $state.raw<{ name: string; classes: readonly string[] }>({ name: '', classes: [] })
  #prompts = $state.raw<Prompts>({ classes: [], templates: [] })
  readonly work = new LongWork<HeadDone>()

  get prompts() {
    return this.#prompts
  }

  /** Opens the dialog at once; Basil's own lists of class names and templates come into it when they have been read. */
  async show(way: HeadWay, name = '', classes: readonly string[] = []): Promise<void> {
    this.work.stop()
    this.begin = { name, classes }
    this.way = way
    this.open = true
    this.#prompts = await client.heads.prompts()
  }

  make(request: Parameters<typeof client.heads.make>[0]): Promise<void> {
    return this.work.begin((signal) => client.heads.make(request, { signal }))
  }

  import(request: Parameters<typeof client.heads.importHead>[0]): Promise<void> {
    return this.work.begin((signal) => client.heads.importHead(request, { signal }))
  }

  probe(request: Parameters<typeof client.heads.probe>[0]): Promise<void> {
    return this.work.begin((signal) => client.heads.probe(request, { signal }))
  }
}

export const heads = new Heads()
