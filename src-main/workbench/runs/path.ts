// The path of a run's model: of each look the coefficients that the model then had,
//   c_t,b = start_t,b prod_k (1 + lambda_k,b),   with the row of the look itself for its own iteration,
// read from the history and seen on the two directions in which they have gone furthest. Of very many looks so many are
// taken as a picture can show: the first and last of each stage always.
import type { RunId } from '../../contract/branded.ts'
import { collapse } from '../../contract/run/coefficients.ts'
import type { RunPath } from '../../contract/run/path.ts'
import type { CoefficientTable, RunDetail } from '../../contract/run/run.ts'
import { runDetail } from '../../history/detail.ts'
import { coefficientsOf } from '../../history/epochs.ts'
import type { History } from '../../history/statement.ts'
import { principalPath } from '../../numbers/principal-path.ts'

const most = 160 // states

export function pathOf(history: History, run: RunId): RunPath {
  const detail = runDetail(history, run)
  const stages = [detail.start, ...detail.iterations].filter((stage) => stage !== null)
  const looks = stages.flatMap(({ stage, epochs }) =>
    epochs.map(({ epoch }, i) => ({ stage, epoch, isEnd: i === 0 || i === epochs.length - 1 })),
  )
  const each = Math.max(1, Math.ceil(looks.length / most))
  const states = looks
    .filter(({ isEnd }, i) => isEnd || i % each === 0)
    .flatMap(({ stage, epoch }) => {
      const table = coefficientsOf(history, run, stage, epoch)
      return table ? [{ stage, epoch, at: stateOf(detail, stage, table) }] : []
    })
  const { points, shares } = principalPath(states.map(({ at }) => at))
  return { points: states.map(({ stage, epoch }, i) => ({ stage, epoch, ...(points[i] ?? { x: 0, y: 0 }) })), shares }
}

/** The coefficients of the model at one look, one row after the other; random directions are rows of their own. */
function stateOf({ config, start, iterations }: RunDetail, stage: number, table: CoefficientTable): Float64Array {
  const before = iterations.filter((s) => s.stage < stage).map((s) => s.coefficients[0] ?? [])
  const own = [...before, table[0] ?? []]
  const model = stage === 0 ? table : collapse(start?.coefficients ?? [], own, config.control)
  const planned = config.control === 'random' ? config.iterations : 0
  const directions = Array.from({ length: planned }, (_, k) => {
    const row = stage === 0 ? undefined : own[k]
    return row ?? Array.from({ length: table[0]?.length ?? 0 }, () => 0)
  })
  return Float64Array.from([...model, ...directions].flatMap((row) => [...row]))
}
