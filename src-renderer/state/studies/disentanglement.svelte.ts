// How far two task vectors of a run disturb each other's predictions, computed when it is asked for.
import type { Disentanglement } from '../../../src-main/contract/api/disentanglement.ts'
import type { RunDetail } from '../../../src-main/contract/run/run.ts'
import { client } from '../../bridge.ts'
import { LongWork } from '../checkpoints/long-work.svelte.ts'
import { configOfRun } from '../run/config-of-run.ts'

export class DisentanglementMap {
  readonly work = new LongWork<Disentanglement>()

  begin(run: RunDetail, tasks: [string, string], points: number): Promise<void> {
    return this.work.begin(async (signal) => {
      const { grant } = await client.projects.ofRun({ run: run.run })
      return client.disentanglement.map({ grant, config: configOfRun(run.config, ''), tasks, points }, { signal })
    })
  }
}
