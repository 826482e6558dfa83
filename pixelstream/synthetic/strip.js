// Reads the strip along the lower edge of a synthetic stream's picture; strip.py describes the cells.
// readPixelstreamStrip(video) -> {mode, frame, session, inputs, kind, code, x, y}, or null if there is none.
globalThis.readPixelstreamStrip = (() => {
  const columns = 40, rows = 2, zoom = 4;
  const widths = {marker: 4, frame: 16, session: 16, inputs: 8, kind: 4, code: 8, x: 8, y: 8};
  const canvas = new OffscreenCanvas(columns * zoom, rows * zoom);
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const level = (data, cell) => {
    const left = (cell % columns) * zoom + 1, top = Math.floor(cell / columns) * zoom + 1;
    let sum = 0;
    for (const dy of [0, 1]) for (const dx of [0, 1]) sum += data[((top + dy) * columns * zoom + left + dx) * 4 + 1];
    return sum / 4;
  };
  return (video) => {
    if (!video.videoWidth) return null;
    const high = rows * Math.floor(video.videoWidth / (columns * 2));
    context.drawImage(video, 0, video.videoHeight - high, video.videoWidth, high, 0, 0, canvas.width, canvas.height);
    const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
    const levels = Array.from({length: columns * rows}, (_, cell) => level(data, cell));
    if (levels[0] - levels[1] < 60) return null;
    const bits = levels.map((value) => (value > (levels[0] + levels[1]) / 2 ? 1 : 0));
    let crc = 0xff, at = 0;
    for (const bit of bits.slice(0, -8)) crc = ((crc << 1) ^ ((crc >> 7) ^ bit ? 0x07 : 0)) & 0xff;
    const take = (width) => bits.slice(at, (at += width)).reduce((value, bit) => value * 2 + bit, 0);
    const strip = Object.fromEntries(Object.entries(widths).map(([name, width]) => [name, take(width)]));
    strip.mode = {0b1010: 'live', 0b1001: 'clips'}[strip.marker];
    return take(8) === crc && strip.mode ? strip : null;
  };
})();
