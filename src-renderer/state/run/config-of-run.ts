// A stored run's settings as a configuration that can be changed and started again; the way back from resolveConfig().
import { iterates, reads } from '../../../src-main/contract/methods/lookup.ts'
import type { ResolvedConfig, RunConfig } from '../../../src-main/contract/run/config.ts'

/**
 * Whether the run's data lie in this folder, so that a project opened there may read them. Its models may also come
 * from the library.
 */
export function liesIn({ tasks }: Pick<ResolvedConfig, 'tasks'>, folder: string): boolean {
  return tasks.every(({ data }) => data !== relative(data, folder))
}

/** Paths inside the folder become relative to it; others stay as they are. */
export function configOfRun(config: ResolvedConfig, folder: string): RunConfig {
  const near = (path: string) => relative(path, folder)
  const nearOrNone = (path: string | null) => (path === null ? undefined : near(path))
  const fromCheckpoint = reads(config.start.method, 'checkpoint')
  const own = config.iteration ?? config.start
  const {
    pretrained,
    vectors,
    tasks,
    start,
    iterations,
    iteration: _,
    tower: __,
    trim,
    merge,
    activation,
    attentionHeads,
    layerNormEps,
    ...same
  } = config
  return {
    ...same,
    activation: activation ?? undefined,
    attentionHeads: attentionHeads ?? undefined,
    layerNormEps: layerNormEps ?? undefined,
    trim: trim ?? undefined,
    ...(!config.iteration && asked(merge)),
    pretrained: near(pretrained),
    vectors: fromCheckpoint ? [] : vectors.map(near),
    tasks: tasks.map((t) => ({
      ...t,
      data: near(t.data),
      head: near(t.head),
      validation: nearOrNone(t.validation),
      test: nearOrNone(t.test),
      finetuned: nearOrNone(t.finetuned),
    })),
    ...settings(own),
    ...(config.iteration && {
      iterations,
      start: {
        method: iterates(start.method) ? 'atlas' : start.method,
        ...(fromCheckpoint && { checkpoint: near(vectors[0] ?? '') }),
        ...asked(merge),
        ...settings(start),
      },
    }),
  }
}

/** A merge as a configuration asks for it. */
function asked(merge: ResolvedConfig['merge']): Pick<RunConfig, 'merge' | 'set' | 'weights'> {
  if (!merge) return {}
  const { method, parameters, weights } = merge
  return { merge: method, set: parameters, ...(weights && { weights }) }
}

function settings({ method: _, steps, epochs, ...same }: ResolvedConfig['start']) {
  return { ...same, ...(steps === null ? { epochs: epochs ?? undefined } : { steps }) }
}

/** A path inside the folder as seen from there; any other as it is. */
export function relative(path: string, folder: string): string {
  const end = folder.replace(/[/\\]$/, '').length
  const inside = end > 0 && path.startsWith(folder.slice(0, end)) && /[/\\]/.test(path[end] ?? '')
  return inside ? path.slice(end + 1) : path
}

/** The way back: a path as the folder says it, from the root. */
export function absolute(path: string, folder: string): string {
  return path === '' || folder === '' || /^([/\\]|[a-z]:)/i.test(path)
    ? path
    : `${folder.replace(/[/\\]$/, '')}/${path}`
}
