// All that "Find and do" can find: actions with their keys, pages, runs, checkpoints, data sets, studies, settings and
// the pages of the help. What cannot be done now says why, and does nothing.
import { checkpoints } from '../state/checkpoints/checkpoints.svelte.ts'
import { dataSets } from '../state/data/data-sets.svelte.ts'
import { topics } from '../state/help/topics.ts'
import { palette } from '../state/palette/palette.svelte.ts'
import { type Candidate, ranked } from '../state/palette/rank.ts'
import { router } from '../state/router.svelte.ts'
import { settingFields, settings } from '../state/settings.svelte.ts'
import { studies } from '../state/studies/studies.svelte.ts'
import { act, actionGroups } from './index.ts'

export interface Found extends Candidate {
  readonly kind: string
  readonly key: string | null
  readonly why: string | null // it cannot be done now
  run(): void | Promise<void>
}

const thing = (kind: string, id: string, title: string, more: string, run: () => void): Found => ({
  ...{ id, title, kind, run },
  more: `${kind} ${more}`,
  key: null,
  why: null,
})

/** Best first, but what can be done before what cannot. */
export function foundFor(query: string): readonly Found[] {
  const found = ranked(query, everything(query), palette.recent)
  return found.toSorted((a, b) => Number(a.why !== null) - Number(b.why !== null))
}

function everything(query: string): Found[] {
  const all = [...actions(), ...runs(), ...things()]
  // before anything is typed the actions of other pages are in the way
  return query.trim() === '' ? all.filter(({ why }) => why === null) : all
}

function actions(): Found[] {
  return actionGroups().flatMap(({ title: group, actions: some }) =>
    some
      .filter(({ id }) => id !== 'show-palette')
      .map((action) => ({
        id: `action ${action.id}`,
        title: action.title,
        more: group,
        kind: group === 'Pages' ? 'Page' : 'Action',
        key: action.shortcut,
        why: action.enabled() ? null : (action.why?.() ?? `not possible now: it belongs to ${group}`),
        run: () => act(action),
      })),
  )
}

/** The server found them: also by their number, which the title has. */
function runs(): Found[] {
  return palette.runs.map(({ run, name, method, state }) =>
    thing('Run', `run ${run}`, `Run ${run}: ${name}`, `${method} ${state} ${palette.runsOf}`, () =>
      router.go('run', { run }),
    ),
  )
}

function things(): Found[] {
  return [
    ...checkpoints.entries.map((one) =>
      thing('Checkpoint', `checkpoint ${one.id}`, one.name, `${one.role} ${one.tags.join(' ')}`, () =>
        router.go('checkpoint', { id: one.id }),
      ),
    ),
    ...dataSets.rows.map(({ id, name }) =>
      thing('Data set', `data ${id}`, name, '', () => router.go('data-set', { id })),
    ),
    ...(studies.list ?? []).map(({ study, name }) =>
      thing('Study', `study ${study}`, `Study ${study}: ${name}`, '', () => router.go('study', { study })),
    ),
    ...settingFields.map(({ id, title, about }) =>
      thing('Setting', `setting ${id}`, title, about, () => {
        settings.wanted = id
        router.go('settings')
      }),
    ),
    ...topics().map(({ id, title, about }) =>
      thing('Help', `help ${id}`, title, about, () => router.go('topic', { topic: id })),
    ),
  ]
}
