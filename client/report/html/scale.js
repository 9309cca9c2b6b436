// From numbers to pixels.

/** Ticks at 1, 2 or 5 times a power of ten, about `count` of them. */
function linearTicks(min, max, count) {
  const rough = (max - min) / Math.max(count, 1);
  if (!(rough > 0)) return [min];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999);
  const ticks = [];
  for (let i = Math.ceil(min / step - 1e-9); i * step <= max + step * 1e-9; ++i) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

function logTicks(min, max, count) {
  const decades = Math.log10(max / min);
  const steps = decades > count * 0.8 ? [1] : decades > count * 0.4 ? [1, 3] : [1, 2, 5];
  const ticks = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); ++power) {
    for (const step of steps) ticks.push(Number((step * 10 ** power).toPrecision(6)));
  }
  const inside = ticks.filter((tick) => tick >= min * 0.999 && tick <= max * 1.001);
  if (decades > count * 1.6) {
    const every = Math.ceil(decades / count);
    return inside.filter((tick) => Math.round(Math.log10(tick)) % every === 0);
  }
  return inside.length >= 3 ? inside : linearTicks(min, max, count).filter((tick) => tick > 0);
}

/** A scale over `values`. axis: {log, zero (linear: begins at 0), ticks (of its own), min, max}. */
function makeScale(axis, values, from, to, count) {
  const usable = values.filter((value) => isNumber(value) && (!axis.log || value > 0));
  let min = axis.min ?? (usable.length ? Math.min(...usable) : 1);
  let max = axis.max ?? (usable.length ? Math.max(...usable) : 10);
  if (axis.log) {
    if (max / min < 1.3) {
      min /= 1.4;
      max *= 1.4;
    }
    const room = (max / min) ** (axis.padding ?? 0.06);
    if (axis.min === undefined) min /= room;
    if (axis.max === undefined) max *= room;
  } else {
    if (axis.zero && axis.min === undefined) min = Math.min(0, min);
    if (max <= min) max = min + (Math.abs(min) || 1);
    if (axis.max === undefined) max += (max - min) * (axis.padding ?? 0.06);
    if (!axis.zero && axis.min === undefined) min -= (max - min) * (axis.padding ?? 0.06);
  }
  const at = axis.log ? Math.log10 : (value) => value;
  const scale = (value) => from + (at(value) - at(min)) / (at(max) - at(min)) * (to - from);
  scale.min = min;
  scale.max = max;
  scale.ticks =
      (axis.ticks || (axis.log ? logTicks : linearTicks)(min, max, count))
          .filter((tick) => tick >= min * (axis.log ? 0.999 : 1) - 1e-9 && tick <= max * 1.0001);
  return scale;
}

/** Those of the labels, [position, text], that stand apart; the last one is kept first. */
function apart(labels, gap) {
  const kept = [];
  const fits = ([at, text]) =>
      kept.every(([other, width]) => Math.abs(at - other) >= (textWidth(text) + width) / 2 + gap);
  const order = labels.length ? [labels[0], labels[labels.length - 1], ...labels] : [];
  const shown = [];
  for (const label of order) {
    if (shown.includes(label) || !fits(label)) continue;
    kept.push([label[0], textWidth(label[1])]);
    shown.push(label);
  }
  return shown;
}
