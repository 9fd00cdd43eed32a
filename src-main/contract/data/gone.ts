// What is wrong with a data set that is no longer where it was.
import type { ErrorRecord } from '../errors.ts'

export function gone(path: string, why = 'there is nothing at this place'): ErrorRecord {
  return {
    code: 'file-missing',
    what: 'The data is missing',
    where: path,
    why,
    next: 'connect its disk, or add the data where it is now',
  }
}
