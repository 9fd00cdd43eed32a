// The contract's procedures for clusters: what a window and a browser may ask for.
import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import type { WantedThere } from '../../contract/api/clusters.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { Workbench } from '../workbench.ts'

export function clustersRouter(workbench: Workbench) {
  const os = implement(api).clusters
  const { clusters, studies, projects } = workbench
  const within =
    (grant: string) =>
    (config: unknown): ResolvedConfig =>
      projects.resolve(grant, config)
  const configsOf = (wanted: WantedThere): ResolvedConfig[] =>
    'study' in wanted
      ? clusters.configs(wanted.study)
      : studies.plan(wanted.definition, within(wanted.grant)).map(({ config }) => config)
  return {
    list: os.list.handler(() => clusters.list()),
    put: os.put.handler(({ input }) => clusters.put(input)),
    remove: os.remove.handler(({ input }) => clusters.remove(input.name)),
    probe: os.probe.handler(({ input, signal = new AbortController().signal }) => clusters.probe(input.name, signal)),
    plan: os.plan.handler(({ input, signal = new AbortController().signal }) =>
      clusters.plan(input.name, configsOf(input), signal),
    ),
    submit: os.submit.handler(async ({ input }) => {
      if ('study' in input) clusters.submit(input.study, input.name)
      if ('study' in input) return { study: input.study }
      return { study: await studies.start(input.definition, within(input.grant), input.name) }
    }),
    status: os.status.handler(({ input }) => clusters.status(input.study, input.since)),
    retry: os.retry.handler(({ input }) => clusters.retry(input.study)),
    collect: os.collect.handler(({ input }) => clusters.collect(input.study)),
    takeBack: os.takeBack.handler(({ input }) => ({ study: clusters.takeBack(input.study) })),
  }
}
