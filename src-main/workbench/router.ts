// The contract's procedures over a workbench: what a window and a browser may ask for. What only a native window can do
// (dialogs) or only a browser needs (downloads) is the platform's.
import { implement } from '@orpc/server'

import packageJson from '../../package.json' with { type: 'json' }
import { type About, api } from '../contract/api/api.ts'
import { evenGrid, pairOf } from '../contract/api/disentanglement.ts'
import { recordOf } from '../contract/errors.ts'
import { configIssues } from '../contract/run/resolve.ts'
import { clustersRouter } from './clusters/router.ts'
import { dataRouter } from './data/router.ts'
import { evaluationsRouter } from './evaluations/router.ts'
import { foldersRouter } from './folders/router.ts'
import { headsRouter } from './heads/router.ts'
import { historyRouter } from './history-router.ts'
import { jobsRouter } from './jobs/router.ts'
import { libraryRouter } from './library/router.ts'
import { mergesRouter } from './merges/router.ts'
import { mixRouter } from './mix/router.ts'
import { engineRouter } from './native/router.ts'
import { requireOfPages } from './opened-folders.ts'
import type { Platform } from './platform.ts'
import { problemRouter } from './problem/router.ts'
import { projectsRouter } from './projects-router.ts'
import { runsRouter } from './runs/router.ts'
import { settingsRouter } from './settings/settings.ts'
import { studiesRouter } from './studies/router.ts'
import { tuningsRouter } from './tunings/router.ts'
import { updatesRouter } from './updates-router.ts'
import type { Workbench } from './workbench.ts'

export function createRouter(workbench: Workbench, platform: Platform) {
  const os = implement(api)
  const { projects, historyCare, preferences, runs } = workbench
  return os.router({
    about: os.about.handler(() => aboutOf(workbench, platform)),
    engine: engineRouter(workbench),
    projects: projectsRouter(workbench, platform),
    config: {
      check: os.config.check.handler(async ({ input }) => {
        const issues = configIssues(input.config)
        const none = { issues, error: null, plan: null, estimate: null }
        if (issues.length) return none
        try {
          const config = projects.resolve(input.grant, input.config)
          const plan = await runs.check(config)
          return { ...none, plan, estimate: workbench.estimates.of(config, plan) }
        } catch (error) {
          return { ...none, error: recordOf(error) }
        }
      }),
      measure: os.config.measure.handler(({ input }) =>
        workbench.estimates.measure(projects.resolve(input.grant, input.config)),
      ),
    },
    library: libraryRouter(workbench.library, workbench.folders, platform),
    lineage: {
      of: os.lineage.of.handler(({ input }) => workbench.lineage.of(input)),
      written: os.lineage.written.handler(({ input }) => workbench.lineage.written(input.run)),
    },
    comparison: { paired: os.comparison.paired.handler(({ input }) => workbench.lineage.paired(input.runs)) },
    data: dataRouter(workbench.dataSets, platform),
    folders: foldersRouter(workbench.folders),
    heads: headsRouter(workbench.heads),
    history: historyRouter(historyCare, platform),
    disentanglement: {
      map: os.disentanglement.map.handler(({ input: { grant, config, tasks, points } }) =>
        workbench.disentangle({ config: pairOf(projects.resolve(grant, config), tasks), grid: evenGrid(points) }),
      ),
    },
    evaluations: evaluationsRouter(workbench, platform),
    studies: studiesRouter(workbench),
    clusters: clustersRouter(workbench),
    tunings: tuningsRouter(workbench),
    jobs: jobsRouter(workbench.jobs),
    merges: mergesRouter(workbench, platform),
    mix: mixRouter(workbench.mixes, platform),
    preferences: {
      all: os.preferences.all.handler(() => preferences.all()),
      keep: os.preferences.keep.handler(async ({ input: { key, value } }) => {
        requireOfPages(key)
        await preferences.keep(key, value)
        return true
      }),
    },
    problem: problemRouter(workbench, platform),
    settings: settingsRouter(workbench.settings),
    updates: updatesRouter(platform),
    runs: runsRouter(workbench, platform),
  })
}

function aboutOf({ engine, home, interrupted, notices }: Workbench, { window }: Platform): About {
  const { engine: known, error } = engine.state()
  return {
    version: packageJson.version,
    window,
    dataFolder: home,
    engine: known,
    engineError: error,
    interrupted,
    notices,
  }
}
