// A folder of images, a folder a class, as torchvision's ImageFolder reads it: SPLIT/CLASS/**/*.jpg, or CLASS/**/*.jpg
// without splits. Classes are sorted by code point and their images by folder and then name, by code point again: the
// order that the field's random splits are drawn over. What is hidden, leads nowhere or is of a kind that is not read
// is passed over, and told. Labels count the classes of all splits, so that a split that lacks a class has the same
// labels as the others.
import { join } from 'node:path'

import type { FolderEntry, OpenFiles } from '../../formats/source.ts'
import { deadLink, hidden, LeftOuts } from '../left-out.ts'
import { type DataSource, invalid, noSplit, type Place, type RawImages } from '../raw.ts'
import { byCodePoint, isImageName, listedImages, Names, unreadKind } from './listed.ts'

const splitNames = ['train', 'val', 'valid', 'validation', 'test']
const deepest = 16
const mostFolders = 200_000
const looked = 8 // folders looked into to see whether images are in them

export const imageFolder: DataSource = {
  name: 'image folder, "FOLDER#train" with FOLDER/train/CLASS/*.jpg',
  matches: async (place, files) => {
    if (!place.entries) return false
    const folders = foldersOf(place.entries).slice(0, looked)
    if ((await splitFolders(place, files)).length > 0) return true
    for (const folder of folders) if ((await files.list(join(place.path, folder))).some(isImage)) return true
    return false
  },
  splits: async (place, files) => {
    const splits = await splitFolders(place, files)
    return splits.length > 0 ? splits : ['all']
  },
  open: openFolder,
}

async function openFolder(place: Place, split: string, files: OpenFiles): Promise<RawImages> {
  const splits = await splitFolders(place, files)
  if (splits.length === 0 && split === 'all') return classFolders(files, place.path, `${place.path}#all`)
  if (!splits.includes(split)) throw noSplit(place, split, splits.length > 0 ? splits : ['all'])
  const classes = new Set<string>()
  for (const other of splits) for (const name of foldersOf(await files.list(join(place.path, other)))) classes.add(name)
  return classFolders(files, join(place.path, split), `${place.path}#${split}`, {
    classes: [...classes].sort(byCodePoint),
  })
}

interface Wanted {
  classes?: string[] // folders taken, in label order; those that are there where not given
  names?: string[] // of the classes, where folders are named otherwise
  take?: (name: string, folder: string) => boolean // of the images
}

/** Images in folder/CLASS, in ImageFolder's order. */
export async function classFolders(
  files: OpenFiles,
  folder: string,
  where: string,
  wanted: Wanted = {},
): Promise<RawImages> {
  const entries = (await files.list(folder)).sort((a, b) => byCodePoint(a.name, b.name))
  const there = foldersOf(entries)
  const classes = wanted.classes ?? there
  const take = wanted.take ?? isImageName
  const names = new Names()
  const labels: number[] = []
  const present = new Set(there)
  const left = new LeftOuts()
  for (const { name, isFolder, leadsNowhere } of entries) {
    if (isFolder) continue
    if (leadsNowhere) leaveOut(left, name, true)
    else if (isImageName(name)) left.add('in no folder of a class', name)
  }
  for (const [label, name] of classes.entries()) {
    if (!present.has(name)) continue
    for (const { folder: within, entries } of await walk(files, folder, name))
      for (const { name: image, leadsNowhere = false } of entries) {
        if (!take(image, within) || leadsNowhere) leaveOut(left, `${within}/${image}`, leadsNowhere)
        else {
          names.push(`${within}/${image}`)
          labels.push(label)
        }
      }
  }
  return listedImages(files, { where, folder, names, labels, classes: wanted.names ?? classes, leftOut: left.all() })
}

/** Tells of it where it is named like an image, or is a link that may have led to one, or to a folder of them. */
function leaveOut(left: LeftOuts, name: string, leadsNowhere: boolean): void {
  const last = name.slice(name.lastIndexOf('/') + 1)
  const unread = unreadKind(last)
  if (last.startsWith('.')) {
    if (isImageName(`x${last}`)) left.add(hidden, name)
  } else if (leadsNowhere) left.add(deadLink, name)
  else if (unread) left.add(unread, name)
}

interface Walked {
  folder: string
  entries: FolderEntry[] // its files
}

/** All folders in root/name, itself included, and the names of their files: both sorted. */
async function walk(files: OpenFiles, root: string, name: string): Promise<Walked[]> {
  const found: Walked[] = []
  const waiting = [{ folder: name, depth: 0 }]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { folder, depth } = next
    if (depth > deepest || found.length > mostFolders)
      throw invalid(
        join(root, folder),
        'its folders are nested too deep, or too many',
        'see whether a link leads back into its own folder',
      )
    const entries = await files.list(join(root, folder))
    found.push({
      folder,
      entries: entries.filter((e) => !e.isFolder).sort((a, b) => byCodePoint(a.name, b.name)),
    })
    for (const inner of foldersOf(entries)) waiting.push({ folder: `${folder}/${inner}`, depth: depth + 1 })
  }
  return found.sort((a, b) => byCodePoint(a.folder, b.folder))
}

/** Splits are folders by their names, with folders of classes in them. */
export async function splitFolders(place: Place, files: OpenFiles): Promise<string[]> {
  const folders = foldersOf(place.entries ?? [])
  const lost = place.entries?.find(({ name, leadsNowhere }) => leadsNowhere && splitNames.includes(name))
  if (lost)
    throw invalid(
      join(place.path, lost.name),
      'it is a link that leads nowhere',
      'connect what it leads to, or take the link away',
    )
  const splits: string[] = []
  for (const split of splitNames.filter((name) => folders.includes(name)))
    if (foldersOf(await files.list(join(place.path, split))).length > 0) splits.push(split)
  return splits
}

/** Names, sorted, hidden ones left out. */
export function foldersOf(entries: readonly FolderEntry[]): string[] {
  return entries
    .filter((entry) => entry.isFolder && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort(byCodePoint)
}

const isImage = (entry: FolderEntry): boolean => !entry.isFolder && isImageName(entry.name)
