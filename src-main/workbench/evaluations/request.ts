// What is asked of the engine, from the words of a person: a configuration's tasks on one of its splits, accuracies of
// fine-tuned models that their authors left in a file, and names that tell models apart.
import { basename, dirname } from 'node:path'

import type { EvaluationRequest, Reference } from '../../contract/api/evaluations.ts'
import { BasilError } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { Said } from '../../contract/tower.ts'
import { accuraciesIn } from '../library/sets/accuracies.ts'

type Split = EvaluationRequest['split']

/** What a configuration says of an evaluation. */
export type Tasks = Pick<EvaluationRequest, 'tasks' | 'pretrained' | 'onUnreadable' | keyof Said>

/** Throws config-invalid where a task has no such data: a mean over fewer tasks is another mean. */
export function tasksOf({ tasks, pretrained, onUnreadable, ...config }: ResolvedConfig, split: Split): Tasks {
  const dataOf = (task: ResolvedConfig['tasks'][number]): string =>
    (split === 'test' ? task.test : split === 'validation' ? task.validation : task.data) ?? noSplit(task.name, split)
  const asked = tasks.map((task) => ({
    name: task.name,
    data: dataOf(task),
    head: task.head,
    reference: task.finetuned === null ? null : { file: task.finetuned },
    positive: null,
  }))
  const { activation, attentionHeads = null, layerNormEps = null } = config // of 0.1.0: an activation alone
  return { tasks: asked, pretrained, onUnreadable, activation, attentionHeads, layerNormEps }
}

/**
 * Of each named task, from a file such as ft_accuracies.json: {"Cars": of its test data, "CarsVal": of its validation
 * data}. A number of one split is none of another. Throws data-invalid for a file that is none of those the field
 * leaves.
 */
export async function importedReferences(
  file: string,
  tasks: readonly string[],
  split: Split,
): Promise<Map<string, Reference>> {
  const known = /^(linear_)?ft_accuracies\.json$/.exec(basename(file))
  if (!known) throw noAccuracies(file, 'it is called neither ft_accuracies.json nor linear_ft_accuracies.json')
  const { accuracies, findings } = await accuraciesIn(dirname(file))
  const wrong = findings.find(({ where }) => where === file)
  if (wrong) throw new BasilError(wrong)
  const ours = accuracies.filter(({ model, linear }) => model === 'fine-tuned' && linear === (known[1] !== undefined))
  if (ours.length === 0) throw noAccuracies(file, 'there is no such file, or no numbers in it')
  const found = new Map<string, Reference>()
  for (const { dataset, split: of, accuracy } of ours) {
    const task = tasks.find((name) => name.toLowerCase() === dataset.toLowerCase())
    if (task !== undefined && of === split)
      found.set(task, { accuracy, from: `${basename(file)}, ${dataset}${of === 'validation' ? 'Val' : ''}` })
  }
  return found
}

/** The same names, a number behind those that another has too. */
export function distinct(names: readonly string[]): string[] {
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length
    return before ? `${name} (${before + 1})` : name
  })
}

function noSplit(task: string, split: Split): never {
  throw new BasilError({
    code: 'config-invalid',
    what: 'A task has no such data',
    where: `tasks: ${task}`,
    why: `the configuration names no ${split} data for it`,
    next: 'name it there, or evaluate on another split',
  })
}

function noAccuracies(where: string, why: string): BasilError {
  const next = 'name a file ft_accuracies.json as the field leaves it beside checkpoints, or a fine-tuned checkpoint'
  return new BasilError({
    code: 'data-invalid',
    what: 'These are no accuracies of fine-tuned models',
    where,
    why,
    next,
  })
}
