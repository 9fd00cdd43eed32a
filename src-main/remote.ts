// The door on a cluster: what is started there for a task of a study, and asked from another machine how far its tasks
// are. It needs no data folder of a person and opens no history.
//   basil-remote task FOLDER INDEX   works on a task of the study in FOLDER, from where it is
//   basil-remote ask                 answers the question on standard input
//   basil-remote gather FOLDER       writes what came of the study's tasks as a table, results.csv
import { text } from 'node:stream/consumers'

import { recordOf } from './contract/errors.ts'
import { answer } from './remote/answers.ts'
import { gather } from './remote/gather.ts'
import { workOnTask } from './remote/task.ts'

const [what, ...rest] = process.argv.slice(2)

if (what === 'task') process.exitCode = await workOnTask(rest[0] ?? '', Number(rest[1] ?? Number.NaN))
else if (what === 'ask') process.stdout.write(JSON.stringify(await answered(await text(process.stdin))))
else if (what === 'gather') process.stdout.write(`${await gather(rest[0] ?? '')}\n`)
else {
  process.stderr.write('basil-remote task FOLDER INDEX | basil-remote ask | basil-remote gather FOLDER\n')
  process.exitCode = 2
}

async function answered(question: string): Promise<object> {
  try {
    return { answer: await answer(JSON.parse(question)) }
  } catch (thrown) {
    return { error: recordOf(thrown) }
  }
}
