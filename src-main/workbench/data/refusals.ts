// What the data sets refuse.
import { BasilError } from '../../contract/errors.ts'

export function noRow(id: number): never {
  throw new BasilError({
    code: 'file-missing',
    what: 'There is no such data set',
    where: `row ${id}`,
    why: 'it was forgotten',
    next: 'reload the list, or add the data again',
  })
}

export function nothingToCompare(path: string): BasilError {
  return new BasilError({
    code: 'split-empty',
    what: 'There is nothing to compare',
    where: path,
    why: 'it has fewer than two splits with images in them',
    next: 'a leak report needs data that is split into training and test images',
  })
}

export function readOnly(home: string): BasilError {
  return new BasilError({
    code: 'folder-busy',
    what: 'Data sets cannot be changed from here',
    where: home,
    why: 'the history was opened for reading, as another Basil may write to this data folder',
    next: 'do it in the window that is open, or close that and try again',
  })
}
