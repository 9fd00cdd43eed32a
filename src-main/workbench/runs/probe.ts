// A probe of a configuration: its start's first two steps in a process of the engine of its own, thrown away after
// them, so that what a run takes is known before it is begun. Test data is not opened.
import type { ResolvedConfig } from '../../contract/run/config.ts'
import { type Images, workOfProbe } from '../../contract/run/work.ts'
import { openLink } from '../link/engine-link.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import type { Probed } from './estimate.ts'

/** Null where it had no two states. Throws what the run would throw. */
export async function probe(
  config: ResolvedConfig,
  images: readonly Images[],
  start: () => EngineProcess,
): Promise<Probed | null> {
  const link = openLink(start())
  const short = { ...config.start, steps: 2, epochs: null, patience: null }
  const tried: ResolvedConfig = {
    ...config,
    start: short,
    iterations: 0,
    iteration: null,
    tasks: config.tasks.map((task) => ({ ...task, test: null })),
  }
  try {
    let opening: number | null = null
    let engine = ''
    for await (const event of await link.ask(link.client.run({ config: tried, resume: null, parents: [] }))) {
      if (event.type === 'opened') engine = event.engine.name
      if (event.type !== 'epoch') continue
      if (opening !== null) return { engine, opening, unit: (event.seconds - opening) / workOfProbe(config, images) }
      opening = event.seconds
    }
    return null
  } catch (error) {
    throw await link.explain(error)
  } finally {
    link.process.kill()
    await link.process.exited
  }
}
