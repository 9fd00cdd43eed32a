// Which of a configuration's models make the task vectors. pool "others": a task's own fine-tuned model stands for what
// is relative to it and makes no vector, as when a model is adapted to a set nobody has fine-tuned for.

interface Named {
  pool: 'all' | 'others'
  vectors: readonly string[]
  tasks: readonly { name: string; finetuned?: string | undefined }[]
}

/**
 * A task's own fine-tuned model: the one it names, else the vector whose file name holds its name, else the one at its
 * place among as many.
 */
export function ownModel({ vectors, tasks }: Named, place: number): string | null {
  const task = tasks[place]
  if (task?.finetuned) return task.finetuned
  const named = vectors.filter((v) =>
    (v.split(/[/\\]/).pop() ?? '').toLowerCase().includes(task?.name.toLowerCase() ?? ''),
  )
  if (named.length === 1) return named[0] ?? null
  return vectors.length === tasks.length ? (vectors[place] ?? null) : null
}

/** absolute: two paths of one file become one. */
export function pooled(config: Named, absolute: (path: string) => string): string[] {
  const vectors = config.vectors.map(absolute)
  if (config.pool === 'all') return vectors
  const own = config.tasks.flatMap((_, place) => ownModel(config, place) ?? []).map(absolute)
  return vectors.filter((vector) => !own.includes(vector))
}

/** What is wrong with the pool; empty when nothing is. */
export function poolIssues(config: Named): [(string | number)[], string][] {
  if (config.pool === 'all') return []
  const unknown = config.tasks.flatMap((_, place) => (ownModel(config, place) === null ? [place] : []))
  if (unknown.length)
    return unknown.map((place) => [
      ['tasks', place, 'finetuned'],
      'pool "others" leaves out the task\'s own model: say which it is',
    ])
  return pooled(config, (path) => path).length
    ? []
    : [[['pool'], 'every model is the own one of a task: nothing is left']]
}
