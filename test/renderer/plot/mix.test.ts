// A mix as bars, words and sliders.
import { describe, expect, it, onTestFinished, vi } from 'vitest'

import type { MixScores, MixTask, OpenedMix } from '../../../src-main/contract/api/mix.ts'
import { measuredWords, mixBars, mixChart, mixMeans, mixSentence } from '../../../src-renderer/plot/mix/bars.ts'
import { paced } from '../../../src-renderer/plot/mix/paced.ts'
import { keyed, mixRows } from '../../../src-renderer/plot/mix/sliders.ts'

const task = (name: string, change: Partial<MixTask> = {}): MixTask => ({
  ...{ name, images: 200, aim: 'learn', own: 0.8, pretrained: 0.5, reference: 0.9 },
  ...change,
})
const scores = (images: number, ...correct: number[]): MixScores => ({
  type: 'scores',
  tasks: correct.map((right) => ({ images, correct: right })),
  done: images === 200,
})

describe('bars of a mix', () => {
  it('have the interval of the images seen, and stand to the fine-tuned model and to the own coefficients', () => {
    const [bar] = mixBars([task('mnist')], scores(100, 90), null)
    expect(bar).toMatchObject({ task: 'mnist', seen: 100, images: 200, accuracy: 0.9, relative: 1 })
    expect(bar?.change).toBeCloseTo(0.1, 12)
    expect(bar?.interval?.map((v) => v.toFixed(4))).toEqual(['0.8256', '0.9448']) // Wilson, 90 of 100
    expect(mixBars([task('mnist')], null, null)[0]).toMatchObject({ accuracy: null, interval: null, change: null })
  })

  it('take what the own coefficients came to where no run tells it', () => {
    const [bar] = mixBars([task('a', { own: null, reference: null })], scores(200, 180), scores(200, 160))
    expect([bar?.own, bar?.change?.toFixed(3), bar?.relative]).toEqual([0.8, '0.100', null])
  })

  it('have a mean over tasks without those to forget, and a sentence', () => {
    const tasks = [task('a'), task('b'), task('gone', { aim: 'forget' })]
    const bars = mixBars(tasks, scores(100, 90, 80, 10), null)
    const means = mixMeans(tasks, bars)
    expect([means.accuracy?.toFixed(3), means.forgotten, means.change?.toFixed(3)]).toEqual(['0.850', 0.1, '0.050'])
    expect(mixSentence(means, bars, 'the run’s own')).toBe(
      'Mean accuracy 85.0 %, 4.9 points either way; +5.0 pt to the run’s own; 300 of 600 images.',
    )
    expect(measuredWords(means, bars)).toBe('') // not of all images
    const whole = mixBars(tasks, scores(200, 180, 160, 20), null)
    expect(mixSentence(mixMeans(tasks, whole), whole, 'x')).toMatch(/all 600 images\.$/)
    expect(measuredWords(mixMeans(tasks, whole), whole)).toMatch(/^a 90\.0 % \(85\.1 % to 93\.4 %\), .*mean 85\.0 %\.$/)
    expect(mixSentence(mixMeans(tasks, mixBars(tasks, null, null)), [], 'x')).toBe('')
    const said = (...correct: number[]) => mixChart(mixBars(tasks, scores(200, ...correct), null), 'x').sentence
    expect([said(180, 160, 20), said(90, 90, 90)]).toEqual([
      'Highest a 90.0 %, lowest gone 10.0 %.',
      'Every task 45.0 %.',
    ])
    expect(mixChart(mixBars(tasks, null, null), 'x').sentence).toBe('No image was seen yet.')
  })
})

describe('sliders of a mix', () => {
  const own = {
    start: [
      [0.1, 0.2, 0.4, 0.4],
      [1, 1, 1, 1],
    ],
    iterations: [[0, 0, 0.5, 0]],
  }
  const opened: OpenedMix = {
    ...{ type: 'opened', session: 1, name: 'a run', split: 'validation', tasks: [], control: null, instant: false },
    ...{ grouping: 'layer', groups: ['embedding', 'layer 0', 'layer 1', 'output'] },
    ...{ vectors: ['finetuned-a.safetensors', 'b.pt'], own },
  }
  it('are a row for each vector and iteration, a column for all blocks and each group', () => {
    const rows = mixRows(opened, own, 'parts')
    expect(rows.map(({ name, symbol }) => `${name} ${symbol}`)).toEqual(['finetuned-a c', 'b c', 'Iteration 1 λ'])
    expect(rows[0]?.cells.map(({ group, mean, spread }) => [group, Number(mean.toFixed(3)), spread !== null])).toEqual([
      ...[
        ['all blocks', 0.275, true],
        ['embeddings', 0.1, false],
        ['early', 0.2, false],
        ['middle', 0.4, false],
      ],
      ['final', 0.4, false],
    ])
    expect(mixRows(opened, own, 'all').map(({ cells }) => cells.length)).toEqual([1, 1, 1])
    expect(mixRows({ ...opened, control: 'random' }, own, 'all').map(({ name }) => name)).toEqual(['Iteration 1'])
  })

  it('move by keys: arrows by 0.01, Page Up and Down by 0.1', () => {
    const press = (key: string) => keyed(key, 0.3137)
    expect(['ArrowRight', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End', 'a'].map(press)).toEqual([
      ...[0.3237, 0.3037, 0.4137, 0.2137, -1, 2, null],
    ])
  })
})

describe('what is read out', () => {
  it('is the newest at most every two seconds, and always the last', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const said: string[] = []
    const voice = paced((text) => said.push(text), 2_000)
    for (let i = 0; i < 30; i++) {
      voice.tell(`${i}`) // ten times a second
      vi.advanceTimersByTime(100)
    }
    expect(said).toEqual(['0', '19'])
    vi.advanceTimersByTime(5_000)
    expect(said).toEqual(['0', '19', '29'])
    voice.tell('nobody hears it')
    voice.end()
    vi.advanceTimersByTime(5_000)
    expect(said).toHaveLength(3)
  })
})
