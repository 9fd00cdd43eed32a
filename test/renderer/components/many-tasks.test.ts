// A study of 1,500 runs on a cluster: of its tasks and of its runs only those in sight are in the page, of a few all.
import { render } from 'svelte/server'
import { expect, test } from 'vitest'

import type { ClusterTask } from '../../../src-main/contract/api/clusters.ts'
import type { StudyRun } from '../../../src-main/contract/api/studies.ts'
import StudyRuns from '../../../src-renderer/components/study/StudyRuns.svelte'
import Tasks from '../../../src-renderer/pages/study/Tasks.svelte'

const rowsOf = (body: string): number => [...body.matchAll(/<tr\b(?![^>]*aria-hidden)/g)].length - 1 // less the head

const task = (place: number): ClusterTask => ({
  ...{ place, arm: 'two', part: '', seed: place, run: null, state: 'queued', words: 'PENDING, JobArrayTaskLimit' },
  ...{ job: `12_${place}`, host: null, gpus: null, seconds: null },
})
const run = (place: number): StudyRun => ({
  ...{ place, arm: 'two', part: '', seed: place, run: null, state: 'waiting', accuracy: null, relativeAccuracy: null },
  ...{ control: null, pretrained: null, finetuned: null, leaks: [], error: null },
})
const many = <T>(of: (place: number) => T, n: number): T[] => Array.from({ length: n }, (_, place) => of(place))

test('a page holds some tens of rows of 1,500 tasks, with the words of the scheduler', () => {
  const { body } = render(Tasks, { props: { tasks: many(task, 1500) } })
  expect(body).toContain('aria-rowcount="1501"')
  expect(body).toContain('PENDING, JobArrayTaskLimit')
  expect(rowsOf(body)).toBeGreaterThan(10)
  expect(rowsOf(body)).toBeLessThan(60)
})

test('the same of runs, and of few runs all', () => {
  expect(rowsOf(render(StudyRuns, { props: { runs: many(run, 1500) } }).body)).toBeLessThan(60)
  expect(rowsOf(render(StudyRuns, { props: { runs: many(run, 30) } }).body)).toBe(30)
})
