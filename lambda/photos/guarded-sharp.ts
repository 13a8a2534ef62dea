import sharp from 'sharp'

// sharp looks at the bytes to choose a loader, whatever the content type says: without this, an SVG named .jpg would be
// rendered, with the files that it refers to.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: [
    'VipsForeignLoadJpeg',
    'VipsForeignLoadPng',
    'VipsForeignLoadWebp',
    'VipsForeignLoadNsgif',
    'VipsForeignLoadTiff',
    'VipsForeignLoadHeif',
  ],
})
// Every photo is seen once: a cache would only hold memory. More threads gain nothing for one photo; the callers work on several.
sharp.cache(false)
sharp.concurrency(1)

/** sharp, set up for files of which nothing is known: it opens JPEG, PNG, WebP, GIF, TIFF and AVIF, and nothing else. */
export const guardedSharp = sharp
