// A small run made by hand: two tasks, three blocks, a start and two iterations of three epochs.
import { runId } from '../../src-main/contract/branded.ts'
import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import type { RunDetail, StageDetail } from '../../src-main/contract/run/run.ts'

const names = ['A', 'B']
export const config = resolveConfig(
  {
    method: 'dv-basi',
    pretrained: 'pre.safetensors',
    vectors: ['a.safetensors', 'b.safetensors'],
    tasks: names.map((name) => ({
      name,
      data: `d#${name}`,
      head: `h#${name}`,
      validation: `v#${name}`,
      test: `t#${name}`,
    })),
    start: { method: 'atlas', epochs: 2 },
    iterations: 2,
    steps: 40,
    patience: 3,
  },
  (path) => `/models/set/${path}`,
)

export const scores = (accuracies: number[]) =>
  names.map((task, i) => ({
    task,
    loss: 1,
    accuracy: accuracies[i] ?? 0,
    relativeAccuracy: (accuracies[i] ?? 0) / 0.8,
  }))

function stage(number: number, accuracies: number[], best: number, coefficients: number[][]): StageDetail {
  const epochs = accuracies.map((a, epoch) => ({
    stage: number,
    epoch,
    step: epoch * 2,
    losses: epoch === 0 ? [] : [1 - a, 1 - a],
    metric: 1 - a,
    best: epoch * 2 <= best,
    tasks: scores([a, a]),
    seconds: epoch,
    remainingSeconds: 5,
  }))
  return {
    stage: number,
    kind: number ? 'iteration' : 'start',
    method: number ? 'dv-basi' : 'atlas',
    vectors: number ? ['difference vector'] : ['/models/set/a.safetensors', '/models/set/b.safetensors'],
    epochsPlanned: 2,
    stepsPerEpoch: 2,
    ended: true,
    accepted: true,
    best,
    still: 1,
    metric: 0,
    coefficients,
    losses: [],
    epochs,
  }
}

export function run(): RunDetail {
  return {
    run: runId(7),
    name: 'by hand',
    method: 'dv-basi',
    objective: 'cross-entropy',
    grouping: 'tensor',
    linearised: false,
    state: 'done',
    seed: 0,
    created: '2026-11-22T10:00:00Z',
    ended: null,
    seconds: 9,
    iterationsPlanned: 2,
    iterationsDone: 2,
    accuracy: 0.7,
    relativeAccuracy: 0.9,
    engine: null,
    error: null,
    blocks: ['x', 'y', 'z'],
    start: stage(0, [0.2, 0.4, 0.36], 2, [
      [0.1, 0.2, 0.3],
      [0, 0, -0.5],
    ]),
    iterations: [stage(1, [0.4, 0.48, 0.56], 4, [[0.5, 0, -0.1]]), stage(2, [0.56, 0.5, 0.5], 0, [[-0.5, 0, 0.2]])],
    config,
    engineInfo: null,
    engines: [],
    halvings: [],
    damaged: [],
    parents: [],
    parameters: 10,
    images: names.map((task) => ({ task, classes: 10, training: 100, validation: 50, test: 200 })),
    leaks: [],
    data: [],
    openings: [],
    dataWait: null,
    evaluatedOn: 'test',
    evaluations: [
      { split: 'test', model: 'finetuned', stage: null, tasks: scores([0.8, 0.8]) },
      { split: 'test', model: 'iteration', stage: 2, tasks: scores([0.6, 0.8]) },
      { split: 'test', model: 'start', stage: 0, tasks: scores([0.4, 0.4]) },
      { split: 'test', model: 'pretrained', stage: null, tasks: scores([0.2, 0.2]) },
      { split: 'validation', model: 'pretrained', stage: null, tasks: scores([0.16, 0.16]) },
    ],
    tasks: {},
    seeds: [0],
    times: { created: '', ended: null, seconds: 9 },
  }
}
