// The contract's procedures for studies: what a window and a browser may ask for.

import { dirname } from 'node:path'

import { implement } from '@orpc/server'

import { api } from '../../contract/api/api.ts'
import { adaptationOf } from '../../contract/run/adaptation.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import { controlsOf, parseStudy } from '../../contract/run/study.ts'
import { absolute } from '../typed-path.ts'
import type { Workbench } from '../workbench.ts'
import { heldDefinition, readDefinition } from './definition.ts'
import { named, readPresets } from './presets/files.ts'
import { fill } from './presets/fill.ts'
import { inventoryOf, onShelf } from './presets/inventory.ts'

export function studiesRouter(workbench: Workbench) {
  const os = implement(api).studies
  const { studies, projects, library } = workbench
  const within =
    (grant: string) =>
    (config: unknown): ResolvedConfig =>
      projects.resolve(grant, config)
  const read = (): ReturnType<typeof readPresets> => readPresets(workbench.resources)
  return {
    list: os.list.handler(() => studies.list()),
    show: os.show.handler(({ input }) => studies.show(input.study)),
    since: os.since.handler(({ input }) => studies.since(input.study, input.version)),
    presets: os.presets.handler(async () => {
      const { presets, protocols, paper } = read()
      const models = (await library.list()).sets.map(({ model }) => model)
      return {
        presets: presets.map(({ name, title, arms, without }) => ({
          name,
          title,
          rows: arms.map(({ label }) => label),
          without,
        })),
        protocols: Object.entries(protocols).map(([name, { words, differs }]) => ({ name, words, differs })),
        models: [...new Set(models)].sort(),
        remarks: paper.remarks,
      }
    }),
    fill: os.fill.handler(async ({ input: { name, protocol, model, seeds } }) => {
      const all = read()
      const preset = named('preset', name, Object.fromEntries(all.presets.map((one) => [one.name, one])))
      const inventory = await inventoryOf(model, await onShelf(workbench), workbench.dataSets.named)
      return fill(all, preset, named('protocol', protocol, all.protocols), inventory, seeds)
    }),
    controls: os.controls.handler(({ input }) => controlsOf(input.config)),
    adaptation: os.adaptation.handler(({ input }) => adaptationOf(input.config, { rivals: true })),
    open: os.open.handler(async ({ input }) => {
      const file = absolute(input.path)
      const beside = projects.within(dirname(file))
      const { definition, folder } = await readDefinition(
        file,
        (found) => found,
        (config) => projects.named(beside, config),
      )
      return { grant: projects.within(folder), definition: parseStudy(definition) }
    }),
    take: os.take.handler(({ input: { name, text } }) => ({
      grant: projects.library(),
      definition: parseStudy(heldDefinition(text, name)),
    })),
    plan: os.plan.handler(({ input }) => ({ runs: studies.plan(input.definition, within(input.grant)) })),
    estimate: os.estimate.handler(({ input }) =>
      workbench.estimates.ofStudy(studies.plan(input.definition, within(input.grant)).map(({ config }) => config)),
    ),
    start: os.start.handler(async ({ input }) => ({
      study: await studies.start(input.definition, within(input.grant)),
    })),
    pause: os.pause.handler(({ input }) => studies.pause(input.study, input.now)),
    resume: os.resume.handler(async ({ input }) => ({ study: await studies.resume(input.study) })),
    forget: os.forget.handler(({ input }) => studies.forget(input.study)),
    bringBack: os.bringBack.handler(({ input }) => ({ study: studies.bringBack(input.study) })),
    watch: os.watch.handler(() => studies.watch()),
  }
}
