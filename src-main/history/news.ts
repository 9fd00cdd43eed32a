// Told whenever a list of runs or the queue would read differently: rows of these tables that come, go or change, by
// whichever statement of this process. Triggers of the writing connection, as for checksums, so that no statement can
// forget it. What grows with every epoch is not news: whoever watches a run hears of that.
import { type History, rows } from './statement.ts'

const tables = ['runs', 'run_marks', 'tunings', 'jobs', 'studies'] as const
const grows = new Set(['seconds', 'request', 'steps'])

/** tell: called within the transaction, so that it may not ask at once. */
export function onNews(history: History, tell: () => void): void {
  const { db } = history
  db.function('basil_news', () => {
    tell()
    return null
  })
  for (const table of tables) {
    const columns = rows<{ name: string }>(history, `SELECT name FROM pragma_table_info('${table}')`)
    const kept = columns.map(({ name }) => name).filter((name) => !grows.has(name) && !name.includes('checksum'))
    if (kept.length === 0) continue // a version before it
    for (const [name, when] of [
      ['came', 'INSERT'],
      ['went', 'DELETE'],
      ['changed', `UPDATE OF ${kept.join(', ')}`],
    ])
      db.exec(`CREATE TEMP TRIGGER news_${table}_${name} AFTER ${when} ON main.${table} BEGIN SELECT basil_news(); END`)
  }
}
