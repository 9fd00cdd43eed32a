// A chart as a file: SVG, a picture of twice its size in pixels, or its values. The browser, or the window's dialog,
// asks where to.
import { type Scene, svgOf } from '../../plot/picture/shapes.ts'
import { colourIn } from './palette.svelte.ts'

const light = (name: string): string => colourIn('light', name)

/** In light colours, on the colour of a panel. */
export function svgText(scene: Scene, label: string): string {
  return svgOf(scene, light, label, light('panel')).text
}

/** "Accuracy by step" as "accuracy-by-step". */
export function fileStem(title: string): string {
  return (
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
      .replaceAll(/^-|-$/g, '')
      .slice(0, 60) || 'chart'
  )
}

export function saveText(name: string, text: string, type: string): void {
  saveBlob(name, new Blob([text], { type: `${type};charset=utf-8` }))
}

const density = 2

export async function savePng(name: string, scene: Scene, label: string): Promise<void> {
  const image = new Image(scene.width, scene.height)
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(scene, label))}`
  await image.decode()
  const canvas = Object.assign(document.createElement('canvas'), {
    width: Math.round(scene.width * density),
    height: Math.round(scene.height * density),
  })
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
  if (blob) saveBlob(name, blob)
}

function saveBlob(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob)
  Object.assign(document.createElement('a'), { href: address, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000) // the system may still be asking where to
}
