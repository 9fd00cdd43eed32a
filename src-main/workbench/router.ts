// The contract's procedures over a workbench: what a window and a browser may ask for. What only a native window can do
// (dialogs) or only a browser needs (downloads) is the platform's.
import { implement } from '@orpc/server'

import packageJson from '../../package.json' with { type: 'json' }
import { api } from '../contract/api/api.ts'
import { evenGrid, pairOf } from '../contract/api/disentanglement.ts'
import type { NativeStatus } from '../contract/api/native.ts'
import { recordOf } from '../contract/errors.ts'
import { configIssues } from '../contract/run/resolve.ts'
import { dataRouter } from './data/router.ts'
import { evaluationsRouter } from './evaluations/router.ts'
import { headsRouter } from './heads/router.ts'
import { libraryRouter } from './library/router.ts'
import { gpus } from './native/devices.ts'
import type { Platform } from './platform.ts'
import { studiesRouter } from './studies/router.ts'
import type { Workbench } from './workbench.ts'

export function createRouter(workbench: Workbench, platform: Platform) {
  const os = implement(api)
  const { projects, installer } = workbench
  const status = async (): Promise<NativeStatus> => ({
    ...installer.status(),
    ...(await gpus()),
    device: workbench.device(),
    engine: workbench.engineState().engine,
  })
  return os.router({
    about: os.about.handler(() => {
      const { engine, error } = workbench.engineState()
      const { home: dataFolder, interrupted, notices } = workbench
      return {
        version: packageJson.version,
        window: platform.window,
        dataFolder,
        engine,
        engineError: error,
        interrupted,
        notices,
      }
    }),
    engine: {
      status: os.engine.status.handler(status),
      install: os.engine.install.handler(({ input, signal = new AbortController().signal }) =>
        installer.install(input.kind, signal),
      ),
      restart: os.engine.restart.handler(() => workbench.restartEngine()),
      remove: os.engine.remove.handler(() => installer.remove()),
      choose: os.engine.choose.handler(async ({ input }) => {
        await workbench.chooseDevice(input.device)
        return status()
      }),
    },
    projects: {
      sample: os.projects.sample.handler(() => projects.open(workbench.sample)),
      open: os.projects.open.handler(({ input }) => projects.open(input.path)),
      pick: os.projects.pick.handler(async () => {
        const path = await platform.pickConfig()
        return path === null ? null : projects.open(path)
      }),
      library: os.projects.library.handler(() => ({ grant: projects.library() })),
      ofRun: os.projects.ofRun.handler(({ input }) => ({ grant: projects.ofRun(workbench.show(input.run).config) })),
    },
    config: {
      check: os.config.check.handler(async ({ input }) => {
        const issues = configIssues(input.config)
        if (issues.length) return { issues, error: null, plan: null }
        try {
          return { issues, error: null, plan: await workbench.check(projects.resolve(input.grant, input.config)) }
        } catch (error) {
          return { issues, error: recordOf(error), plan: null }
        }
      }),
    },
    library: libraryRouter(workbench.library, platform),
    data: dataRouter(workbench.dataSets, platform),
    heads: headsRouter(workbench.heads),
    history: {
      backups: os.history.backups.handler(() => workbench.historyCare.backups()),
      salvage: os.history.salvage.handler(() => workbench.historyCare.salvage()),
    },
    disentanglement: {
      map: os.disentanglement.map.handler(({ input: { grant, config, tasks, points } }) =>
        workbench.disentangle({ config: pairOf(projects.resolve(grant, config), tasks), grid: evenGrid(points) }),
      ),
    },
    evaluations: evaluationsRouter(workbench, platform),
    studies: studiesRouter(workbench),
    runs: {
      start: os.runs.start.handler(async ({ input }) => ({
        run: await workbench.start(projects.resolve(input.grant, input.config)),
      })),
      list: os.runs.list.handler(({ input }) => workbench.list(input)),
      show: os.runs.show.handler(({ input }) => workbench.show(input.run)),
      coefficients: os.runs.coefficients.handler(({ input }) =>
        workbench.coefficients(input.run, input.stage, input.epoch),
      ),
      watch: os.runs.watch.handler(({ input }) => workbench.watch(input.run)),
      stop: os.runs.stop.handler(({ input }) => workbench.stop(input.run)),
      cancel: os.runs.cancel.handler(({ input }) => workbench.cancel(input.run)),
      resume: os.runs.resume.handler(async ({ input }) => ({ run: await workbench.resume(input.run, input.device) })),
      export: os.runs.export.handler(async ({ input }) => {
        const { iteration, form } = input
        const out = await platform.pickTarget(workbench.suggestName(input.run, iteration, form))
        if (out === null) return null
        // the dialog has asked about an existing file
        const target = out === undefined ? null : { out, overwrite: true }
        const exported = await workbench.export(input.run, { iteration, form }, target)
        return {
          ...exported,
          download: platform.download(exported.file),
          cardDownload: platform.download(exported.card),
        }
      }),
    },
  })
}
