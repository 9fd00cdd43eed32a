// The contract's procedures for reporting a problem. What a page was shown is kept until it is saved, so that nothing
// else is.
import { implement } from '@orpc/server'

import packageJson from '../../../package.json' with { type: 'json' }
import { api } from '../../contract/api/api.ts'
import type { ReportEntry } from '../../contract/api/problem.ts'
import type { RunId } from '../../contract/branded.ts'
import { BasilError } from '../../contract/errors.ts'
import { saveFile } from '../export/save.ts'
import type { Platform } from '../platform.ts'
import type { Workbench } from '../workbench.ts'
import { gatherReport } from './gather.ts'
import { packed, reportName } from './pack.ts'

type Rooms = Pick<Workbench, 'home' | 'resources' | 'engine' | 'runs'>

const most = 4 // pages that look at one

export function problemRouter({ home, resources, engine, runs }: Rooms, platform: Platform) {
  const os = implement(api).problem
  const shown = new Map<number, { run: RunId | null; entries: ReportEntry[] }>()
  let last = 0
  const present = { describe: async () => engine.state().engine ?? engine.describe() } // it may be at a long step
  return {
    prepare: os.prepare.handler(async ({ input: { run } }) => {
      const record = run === null ? null : { number: run, read: () => runs.show(run) }
      const of = { dataFolder: home, resources, basil: packageJson.version, engine: present }
      const entries = await gatherReport({ ...of, run: record })
      shown.set(++last, { run, entries })
      for (const old of [...shown.keys()].slice(0, -most)) shown.delete(old)
      return { report: last, entries }
    }),
    save: os.save.handler(async ({ input: { report } }) => {
      const asked = shown.get(report)
      if (!asked) throw notShown()
      return saveFile(platform, home, reportName(asked.run, new Date()), await packed(asked.entries))
    }),
  }
}

function notShown(): BasilError {
  return new BasilError({
    code: 'run-state',
    what: 'This report is not there any more',
    where: '',
    why: 'Basil was started again, or other reports were made since',
    next: 'make it anew, look at it and save it then',
  })
}
