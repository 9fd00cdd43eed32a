// The contract's procedures for fine-tunings: what a window and a browser may ask for.
import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import { recordOf } from '../../contract/errors.ts'
import { tuningIssues } from '../../contract/tuning/config.ts'
import type { TuningOutput } from '../../contract/tuning/output.ts'
import { requireFolder, requireTarget } from '../folders/target.ts'
import type { Workbench } from '../workbench.ts'
import { setOf } from './tunings.ts'

interface Wanted extends Omit<TuningOutput, 'out'> {
  target?: string | undefined
}

export function tuningsRouter({ tunings, projects, folders }: Workbench) {
  const os = implement(api).tunings
  const outputOf = async ({ target, form, convention }: Wanted): Promise<TuningOutput> => {
    if (target !== undefined) await (convention ? requireFolder : requireTarget)(folders, target)
    return { out: target ?? null, form, convention }
  }
  return {
    check: os.check.handler(async ({ input }) => {
      const issues = tuningIssues(input.config)
      if (issues.length > 0) return { issues, error: null, plan: null }
      try {
        const plan = await tunings.check(projects.resolveTuning(input.grant, input.config))
        return { issues, error: null, plan }
      } catch (error) {
        return { issues, error: recordOf(error), plan: null }
      }
    }),
    start: os.start.handler(async ({ input }) => {
      const config = projects.resolveTuning(input.grant, input.config)
      return { tuning: await tunings.start(config, await outputOf(input)) }
    }),
    startSet: os.startSet.handler(async ({ input }) => {
      const configs = setOf(input.template, input.tasks).map((one) => projects.resolveTuning(input.grant, one))
      return { tunings: await tunings.startSet(configs, await outputOf(input)) }
    }),
    list: os.list.handler(() => tunings.list()),
    show: os.show.handler(({ input }) => tunings.show(input.tuning)),
    watch: os.watch.handler(({ input }) => tunings.watch(input.tuning)),
    stop: os.stop.handler(({ input }) => tunings.stop(input.tuning)),
    pause: os.pause.handler(({ input }) => tunings.pause(input.tuning, input.now)),
    cancel: os.cancel.handler(({ input }) => tunings.cancel(input.tuning)),
    resume: os.resume.handler(async ({ input }) => ({ tuning: await tunings.resume(input.tuning, input.device) })),
    forget: os.forget.handler(({ input }) => tunings.forget(input.tuning)),
  }
}
