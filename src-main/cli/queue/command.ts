// basil queue: what waits, what is at work and what became of it; asking for more; and working on it. Listing works
// while another process is at the queue, the rest where no other process writes to the data folder.
import { Command, InvalidArgumentError } from 'commander'

import { dataFolder } from '../../files/data-folder.ts'
import { writerOf } from '../../history/writer-lock.ts'
import { notNow } from '../../workbench/jobs/refusals.ts'
import type { JobWish } from '../../workbench/jobs/wishes.ts'
import type { Workbench } from '../../workbench/workbench.ts'
import { print, printJson } from '../output.ts'
import { withWorkbench } from '../with.ts'
import { addCommands } from './add.ts'
import { endLine, jobLines, requestLines, whatOf } from './print.ts'
import { workQueue } from './run.ts'

type Change = (jobs: Workbench['jobs'], job: number) => unknown

export function queueCommand(): Command {
  const command = new Command('queue').description('one queue for runs, studies, evaluations and files')
  const part = (name: string, description: string): Command =>
    command.command(name).description(description).option('--json', 'as JSON')
  /** What is changed waits for "basil queue run", the window or the browser. */
  const idle = (json: boolean, act: (workbench: Workbench) => Promise<void>): Promise<void> =>
    withWorkbench(json, true, async (workbench) => {
      workbench.jobs.work('none')
      await act(workbench)
    })
  const changing = (name: string, description: string, change: Change): void => {
    part(name, description)
      .argument('<job>', 'its number', number)
      .action((job: number, { json = false }) => {
        if (isWish(name) && writerOf(dataFolder()) !== null) return asked(json, { what: name, job })
        return idle(json, ({ jobs }) => changed(json, jobs, job, change))
      })
  }

  part('list', 'what is at work and what waits, in its order; then what is over').action(({ json = false }) =>
    withWorkbench(json, false, async ({ jobs }) => {
      if (json) printJson(jobs.list())
      else for (const line of jobLines(jobs.list())) print(line)
    }),
  )
  part('show', 'what was asked for: of a merge its recipe')
    .argument('<job>', 'its number', number)
    .action((job: number, { json = false }) =>
      withWorkbench(json, false, async ({ jobs }) => {
        const request = jobs.request(job)
        if (json) printJson({ ...jobs.show(job), request })
        else for (const line of [endLine(jobs.show(job)), ...requestLines(request)]) print(line)
      }),
    )
  part('move', 'to another place among those that wait')
    .argument('<job>', 'its number', number)
    .argument('<position>', 'from 1', number)
    .action((job: number, position: number, { json = false }) =>
      idle(json, async ({ jobs }) => {
        jobs.move(job, Math.max(1, position))
        if (json) printJson(jobs.list())
        else for (const line of jobLines(jobs.list())) print(line)
      }),
    )
  changing('pause', 'hold a job that waits; a run at work ends after its next kept epoch', (jobs, job) =>
    jobs.pause(job, false),
  )
  changing('resume', 'let a paused or interrupted job wait again, at its old place', (jobs, job) => jobs.resume(job))
  changing('cancel', 'a job that waits, is held, or was left at work on a cluster', async (jobs, job) => {
    if (!(await jobs.cancel(job))) throw notNow(jobs.show(job), 'The job cannot be cancelled', 'leave it')
  })
  changing('retry', 'go on with what was interrupted, or ask for the same once more', (jobs, job) => jobs.retry(job))
  part('clear', 'take what is over from the list; runs, evaluations and files stay').action(({ json = false }) =>
    idle(json, async ({ jobs }) => {
      const cleared = jobs.clear().length
      if (json) printJson({ cleared })
      else print(`${cleared} cleared.`)
    }),
  )
  part('run', 'work on it until nothing is left that may begin; Ctrl+C pauses').action(({ json = false }) =>
    withWorkbench(json, true, (workbench) => workQueue(workbench, json)),
  )
  const add = command.command('add').description('ask for work, which waits for its turn')
  addCommands(
    add,
    (json, act) =>
      idle(json, async (workbench) => {
        const { jobs } = workbench
        const before = new Set(jobs.list().map(({ job }) => job))
        await act(workbench)
        for (const job of jobs.list().filter((one) => !before.has(one.job)))
          if (json) printJson(job)
          else print(`job ${job.job}, ${whatOf(job)}: ${job.state}`)
      }),
    number,
  )
  return command
}

async function changed(json: boolean, jobs: Workbench['jobs'], job: number, change: Change): Promise<void> {
  const other = await change(jobs, job)
  const now = jobs.show(typeof other === 'number' ? other : job)
  if (json) printJson(now)
  else print(endLine(now))
}

const isWish = (name: string): name is JobWish['what'] => name === 'pause' || name === 'resume'

/** Of the process that is at the queue, which a window or another terminal has begun. */
function asked(json: boolean, wish: JobWish): Promise<void> {
  return withWorkbench(json, false, async ({ jobs }) => {
    jobs.ask(wish)
    if (json) printJson({ asked: wish.what, ...jobs.show(wish.job) })
    else print(`${endLine(jobs.show(wish.job))}; the process that is at the queue was asked to ${wish.what} it`)
  })
}

function number(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is not a whole number.')
  return Number(text)
}
