// Numbers as people read them: three digits, thousands separated, a unit.

function isNumber(value) {
  return typeof value === 'number' && Number.isFinite(value);
}

function thousands(value) {
  return Math.round(value).toLocaleString('en-US');
}

/** At least three digits: 0.123, 45.6, 41,234. */
function formatNumber(value) {
  if (!isNumber(value)) return '–';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 99.95) return thousands(value);
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.9995) return value.toFixed(2);
  return String(Number(value.toPrecision(3)));
}

function scaled(value, units, format) {
  let chosen = units[0];
  for (const unit of units)
    if (Math.abs(value) >= unit[0] * 0.9995) chosen = unit;
  return `${format(value / chosen[0])}\u00a0${chosen[1]}`;
}

const kTimeUnits = [[1e-6, 'ns'], [1e-3, 'µs'], [1, 'ms'], [1e3, 's']];
const kByteUnits = [[1, 'B'], [1e3, 'kB'], [1e6, 'MB'], [1e9, 'GB'], [1e12, 'TB']];
const short = (value) => String(Number(value.toPrecision(3)));

/** Milliseconds: 950 ns, 12.3 µs, 1.23 ms, 45.6 s. */
function formatMs(ms) {
  if (!isNumber(ms)) return '–';
  return ms === 0 ? '0' : scaled(ms, kTimeUnits, formatNumber);
}
/** On an axis: no more digits than the tick has. */
function tickMs(ms) {
  return ms === 0 ? '0' : scaled(ms, kTimeUnits, short);
}

function formatUs(us) {
  return isNumber(us) ? formatMs(us / 1e3) : '–';
}
function tickUs(us) {
  return tickMs(us / 1e3);
}

function formatRate(rate) {
  return isNumber(rate) ? formatNumber(rate) + '/s' : '–';
}
function tickCount(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return short(value / 1e6) + '\u00a0M';
  if (size >= 1e4) return short(value / 1e3) + '\u00a0k';
  return size >= 1 ? Number(value.toPrecision(4)).toLocaleString('en-US') : short(value);
}

function formatCount(count) {
  return isNumber(count) ? thousands(count) : '–';
}
function formatBytes(bytes) {
  if (!isNumber(bytes)) return '–';
  return bytes < 1000 ? `${Math.round(bytes)}\u00a0B` : scaled(bytes, kByteUnits, formatNumber);
}
function formatShare(share) {
  if (!isNumber(share)) return '–';
  const percent = share * 100;
  if (percent === 0) return '0\u00a0%';
  return (percent >= 10        ? percent.toFixed(0) :
              percent >= 0.1   ? percent.toFixed(1) :
              percent >= 0.001 ? String(Number(percent.toPrecision(2))) :
                                 '< 0.001') +
      '\u00a0%';
}
function formatRatio(ratio) {
  if (!isNumber(ratio)) return '–';
  return (ratio >= 9.995 ? formatNumber(ratio) : ratio.toFixed(ratio < 0.1 ? 3 : 2)) + '×';
}
function formatSeconds(seconds) {
  return isNumber(seconds) ? formatMs(seconds * 1e3) : '–';
}

/** `1.20 to 1.27 ms` of an estimate, or nothing when there is only the value. */
function formatInterval(estimate, format) {
  if (!estimate || !isNumber(estimate.low) || !isNumber(estimate.high)) return '';
  if (estimate.low === estimate.high) return '';
  const [low, high] = [format(estimate.low), format(estimate.high)];
  const unit = high.match(/(\u00a0\S+|\/s|×)$/)?.[0] ?? '';
  return `${unit && low.endsWith(unit) ? low.slice(0, -unit.length) : low} to ${high}`;
}
/** The value and how sure it is. */
function formatEstimate(estimate, format) {
  if (!estimate) return '–';
  const interval = formatInterval(estimate, format);
  if (!interval) return format(estimate.value);
  return `${format(estimate.value)} (${estimate.interval ? '' : 'min–max '}${interval})`;
}

/** As a shell would take it. */
function shellQuoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : '\'' + word.replaceAll('\'', '\'\\\'\'') + '\'';
}

/** `2026-11-21 21:00:00 UTC` */
function formatTime(text) {
  return String(text).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/, '$1 $2 UTC');
}
