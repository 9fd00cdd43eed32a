// basil cluster submit: what a study would take and lack on a cluster, a question, and the study handed over.

import type { PlanThere } from '../../contract/api/clusters.ts'
import type { Told } from '../../contract/engine-api.ts'
import { BasilError } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import { readDefinition } from '../../workbench/studies/definition.ts'
import type { Workbench } from '../../workbench/workbench.ts'
import { saysYes } from '../ask.ts'
import { print, printJson } from '../output.ts'
import { resultOf } from '../terminal.ts'
import { followThere } from './follow.ts'
import { planLines } from './print.ts'

export interface SubmitOptions {
  to: string
  yes?: boolean
  detach?: boolean
  json?: boolean
}

/** given: a study's number, or its file. */
export async function submitStudy(workbench: Workbench, given: string, options: SubmitOptions): Promise<void> {
  const { to, yes = false, detach = false, json = false } = options
  const { clusters } = workbench
  if (detach) requireStays(workbench, to)
  const wanted = await wantedOf(workbench, given)
  const plan = await resultOf(planOf(workbench, to, wanted.configs), json)
  if (json) printJson({ type: 'plan', ...plan })
  else for (const line of planLines(plan)) print(line)
  if (!yes && !(await saysYes('Start it there?', nobodyAsked(given)))) return print('Nothing was handed over.')
  const study = await wanted.start()
  if (json) printJson({ type: 'study', study })
  else print(`Study ${study} goes to ${to}.`)
  await followThere(workbench, study, { json, until: detach ? 'handed over' : 'over' })

  async function wantedOf(of: Workbench, text: string): Promise<Wanted> {
    if (/^\d{1,15}$/.test(text)) {
      const number = Number(text)
      of.studies.show(number)
      const start = async (): Promise<number> => {
        clusters.submit(number, to)
        return number
      }
      return { configs: clusters.configs(number), start }
    }
    const { definition, absolute } = await readDefinition(text, (found) => found)
    const configs = of.studies.plan(definition, absolute).map(({ config }) => config)
    return { configs, start: () => of.studies.start(definition, absolute, to) }
  }
}

interface Wanted {
  configs: ResolvedConfig[]
  start(): Promise<number>
}

const planOf = (
  { clusters }: Workbench,
  to: string,
  configs: readonly ResolvedConfig[],
): AsyncIterable<Told<PlanThere>> => clusters.plan(to, configs, new AbortController().signal)

/** Throws config-invalid where tasks end with this program. */
function requireStays({ clusters }: Workbench, to: string): void {
  if (clusters.list().find(({ name }) => name === to)?.kind !== 'folder') return
  throw new BasilError({
    code: 'config-invalid',
    what: 'The study cannot be left there',
    where: to,
    why: "a folder's tasks are worked on by this program, and end with it",
    next: 'leave --detach out',
  })
}

function nobodyAsked(where: string): BasilError {
  return new BasilError({
    code: 'not-allowed',
    what: 'The study was not handed over',
    where,
    why: 'it is begun only where somebody who has seen the plan says so, and this is no terminal to ask in',
    next: 'look at the plan, then add --yes',
  })
}
