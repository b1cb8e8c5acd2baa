// The page of the sandbox workspace. It draws what the control API under /_sandbox/ tells it and
// sends back what a person does. Everything that comes from the server is put on the page as text
// nodes and attributes, never as markup.
'use strict';
(() => {

// ---------------------------------------------------------------------------------------------
// Small helpers

const byId = (id) => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';
let uidCount = 0;
const uid = (prefix) => `${prefix}-${++uidCount}`;

/** An element: `h('p', {class: 'x', data: {ts}, on: {click}}, 'text', child, [children])`. */
function h(tag, props, ...kids) {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'class') el.className = value;
    else if (key === 'data') {
      for (const [k, v] of Object.entries(value)) if (v !== undefined && v !== null) el.dataset[k] = v;
    } else if (key === 'on') {
      for (const [k, v] of Object.entries(value)) el.addEventListener(k, v);
    } else if (key === 'style') Object.assign(el.style, value);
    else if (key === 'value') el.value = value;
    else if (value === true) el.setAttribute(key, '');
    else el.setAttribute(key, String(value));
  }
  put(el, kids);
  return el;
}

function put(el, kids) {
  for (const kid of kids) {
    if (kid === undefined || kid === null || kid === false) continue;
    if (Array.isArray(kid)) put(el, kid);
    else el.append(kid);
  }
  return el;
}

function svg(tag, attributes, ...kids) {
  const el = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes || {})) el.setAttribute(key, value);
  for (const kid of kids) el.append(kid);
  return el;
}

const ICONS = {
  close: 'M5 5l10 10M15 5L5 15',
  react: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM7 12c1.5 2 4.5 2 6 0M7.6 8v.5M12.4 8v.5',
  thread: 'M4 4h12v9H9l-3 3v-3H4z',
  trash: 'M4 6h12M8 6V4h4v2M5.5 6l.8 10h7.400l.8-10M8.5 9v4M11.5 9v4',
  chevron: 'M5.5 8l4.5 4.500L14.5 8',
  lock: 'M6 9V7a4 4 0 0 1 8 0v2M5 9h10v7H5z',
  eye: 'M2 10c3-5 13-5 16 0-3 5-13 5-16 0zM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  plus: 'M10 4v12M4 10h12',
  more: 'M10 4.500h.01M10 10h.01M10 15.500h.01',
  bolt: 'M11.5 2.500 4.5 11.500h5L8.5 17.500l7-9h-5z',
  back: 'M12.5 4.500 7 10l5.5 5.500',
  people: 'M7 9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM2 16c0-3 2-5 5-5s5 2 5 5M13 9a2 2 0 1 0 0-4M14 11c2.5 0 4 2 4 5',
};
function icon(name) {
  return svg('svg', { viewBox: '0 0 20 20', 'aria-hidden': 'true', class: 'icon' }, svg('path', { d: ICONS[name] }));
}

function store(key, value) {
  try {
    if (value === undefined) return localStorage.getItem(`sandbox.${key}`);
    localStorage.setItem(`sandbox.${key}`, value);
  } catch { /* private windows may refuse; nothing depends on it */ }
  return null;
}
function storedJson(key) {
  try { return JSON.parse(store(key) || 'null') || {}; } catch { return {}; }
}

const unescapeSlack = (text) => String(text).replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
const plural = (n, one, many) => `${n} ${n === 1 ? one : many || `${one}s`}`;

// ---------------------------------------------------------------------------------------------
// What is known and what is being looked at

const app = {
  state: null,
  received: 0,          // performance.now() when the state came, to let the clock run on
  me: null,             // id of the acting user
  channel: null,        // id of the channel or direct message
  thread: null,         // ts of the message whose thread is open
  journal: false,
  drafts: new Map(),
  notices: [],          // lines that only this page knows, e.g. "the command failed"
  dismissed: new Set(storedList('dismissed')),
  atBottom: true,
  home: false,          // the app's home tab is shown instead of the direct message
  editing: null,        // the own message that is being changed: {key, text}
  newSince: null,       // from where on messages were new when the channel was opened
  users: new Map(),
  channels: new Map(),
};
function storedList(key) {
  const value = storedJson(key);
  return Array.isArray(value) ? value : [];
}

const now = () => (app.state ? app.state.clock.now + (performance.now() - app.received) / 1000 : Date.now() / 1000);
const user = (id) => app.users.get(id);
const me = () => user(app.me);
const zone = () => (me() && me().tz) || 'UTC';
const nameOf = (u) => (u ? u.real_name || u.name || u.id : 'Somebody');
const bot = () => [...app.users.values()].find((u) => u.is_bot);
const humans = () => [...app.users.values()].filter((u) => !u.is_bot && !u.deleted);

/** The channel or direct message that is open, as `{id, messages, …}`. */
function place(id = app.channel) {
  const found = app.channels.get(id);
  if (found) return found;
  const dm = (app.state.dms || []).find((d) => d.id === id);
  if (dm) return { ...dm, dm: true };
  return null;
}
/** Where nobody can write or react any more. */
const isShut = (id) => !!(place(id) && place(id).is_archived);
const groupOf = (id) => (app.state.groups || []).find((g) => g.id === id);
const shortcutsOf = (type) => (app.state.shortcuts || []).filter((s) => s.type === type);
const channelLabel = (id) => {
  const c = app.channels.get(id);
  return c ? `#${c.name}` : `#${id}`;
};

// ---------------------------------------------------------------------------------------------
// Time, in the zone of the acting user

const formatters = new Map();
function formatter(tz) {
  if (!formatters.has(tz)) {
    const options = {
      timeZone: tz, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric',
      hour: 'numeric', minute: 'numeric', second: 'numeric',
    };
    let made;
    try { made = new Intl.DateTimeFormat('en-US', options); } catch { made = new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' }); }
    formatters.set(tz, made);
  }
  return formatters.get(tz);
}
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const two = (n) => String(n).padStart(2, '0');

function parts(epoch, tz = zone()) {
  const out = {};
  for (const part of formatter(tz).formatToParts(new Date(epoch * 1000))) {
    if (part.type !== 'literal') out[part.type] = Number(part.value);
  }
  out.dayNumber = Math.floor(Date.UTC(out.year, out.month - 1, out.day) / 864e5);
  out.weekday = new Date(Date.UTC(out.year, out.month - 1, out.day)).getUTCDay();
  return out;
}
function offsetSeconds(epoch, tz) {
  const p = parts(epoch, tz);
  return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) / 1000 - Math.floor(epoch);
}
function zoneLabel(tz = zone(), epoch = now()) {
  const minutes = Math.round(offsetSeconds(epoch, tz) / 60);
  const abs = Math.abs(minutes);
  const city = tz.split('/').pop().replace(/_/g, ' ');
  return `${city} time, UTC${minutes < 0 ? '−' : '+'}${Math.floor(abs / 60)}${abs % 60 ? `:${two(abs % 60)}` : ''}`;
}
const clock12 = (p, seconds) => `${p.hour % 12 || 12}:${two(p.minute)}${seconds ? `:${two(p.second)}` : ''} ${p.hour < 12 ? 'AM' : 'PM'}`;
const ordinal = (n) => `${n}${n % 100 > 10 && n % 100 < 14 ? 'th' : ['th', 'st', 'nd', 'rd'][n % 10] || 'th'}`;

function ago(epoch) {
  const seconds = Math.round(now() - epoch);
  const abs = Math.abs(seconds);
  const steps = [[60, 1, 'second'], [3600, 60, 'minute'], [86400, 3600, 'hour'], [2592000, 86400, 'day'], [31536000, 2592000, 'month'], [Infinity, 31536000, 'year']];
  const [, size, unit] = steps.find(([below]) => abs < below);
  if (abs < 10) return 'just now';
  const count = plural(Math.floor(abs / size), unit);
  return seconds < 0 ? `in ${count}` : `${count} ago`;
}

/** One date token of Slack, e.g. `date_short_pretty`. */
function dateToken(name, epoch) {
  const p = parts(epoch);
  const today = parts(now());
  const year = Math.abs(today.dayNumber - p.dayNumber) > 183 ? `, ${p.year}` : '';
  const near = { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' }[p.dayNumber - today.dayNumber];
  const month = MONTHS[p.month - 1];
  switch (name) {
    case 'date_num': return `${p.year}-${two(p.month)}-${two(p.day)}`;
    case 'date_slash': return `${two(p.month)}/${two(p.day)}/${p.year}`;
    case 'date': return `${month} ${ordinal(p.day)}${year}`;
    case 'date_short': return `${month.slice(0, 3)} ${p.day}${year}`;
    case 'date_long': return `${DAYS[p.weekday]}, ${month} ${ordinal(p.day)}${year}`;
    case 'date_pretty': return near || dateToken('date', epoch);
    case 'date_short_pretty': return near || dateToken('date_short', epoch);
    case 'date_long_pretty': return near || dateToken('date_long', epoch);
    case 'day_divider_pretty': return near || `${DAYS[p.weekday]}, ${month} ${ordinal(p.day)}${year}`;
    case 'time': return clock12(p);
    case 'time_secs': return clock12(p, true);
    case 'ago': return ago(epoch);
    default: return null;
  }
}
function dateFormat(format, epoch) {
  return format.replace(/\{([a-z_]+)\}/g, (whole, name) => {
    const value = dateToken(name, epoch);
    return value === null ? whole : value;
  });
}
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const fullTime = (epoch) => `${dateFormat('{date_long} at {time_secs}', epoch)} (${zoneLabel(zone(), epoch)})`;

/** A node whose text depends on the clock or the acting user; `tick` calls it again. */
function live(tag, props, write) {
  const el = h(tag, { ...props, class: `dyn ${props.class || ''}`.trim() });
  el.refresh = () => {
    const text = write(el);
    if (text !== undefined && el.textContent !== text) el.textContent = text;
  };
  el.refresh();
  return el;
}
function refreshLive(root = document) {
  for (const el of root.querySelectorAll('.dyn')) if (el.refresh) el.refresh();
}

/** The epoch of a wall-clock time in a zone. */
function epochOf(year, month, day, hour, minute, tz) {
  const wall = Date.UTC(year, month - 1, day, hour, minute) / 1000;
  let epoch = wall - offsetSeconds(wall, tz);
  epoch = wall - offsetSeconds(epoch, tz);
  return epoch;
}

// ---------------------------------------------------------------------------------------------
// Emoji. The ones an outage desk uses are drawn here, so that they look the same on a machine
// without an emoji font; the rest are left to the font.

const EMOJI = {
  red_circle: '🔴', large_red_circle: '🔴', large_orange_circle: '🟠', large_yellow_circle: '🟡', large_green_circle: '🟢',
  large_blue_circle: '🔵', large_purple_circle: '🟣', white_circle: '⚪', black_circle: '⚫',
  white_check_mark: '✅', heavy_check_mark: '✔️', ballot_box_with_check: '☑️', x: '❌', warning: '⚠️', pushpin: '📌', round_pushpin: '📍',
  point_up: '☝️', point_up_2: '👆', point_right: '👉', point_left: '👈', point_down: '👇', fire: '🔥', rotating_light: '🚨',
  hourglass: '⌛', hourglass_flowing_sand: '⏳', eyes: '👀', tada: '🎉', '+1': '👍', thumbsup: '👍', '-1': '👎', thumbsdown: '👎',
  bell: '🔔', no_bell: '🔕', no_entry: '⛔', no_entry_sign: '🚫', link: '🔗', calendar: '📅', spiral_calendar_pad: '🗓️', memo: '📝', pencil: '📝',
  speech_balloon: '💬', lock: '🔒', unlock: '🔓', wave: '👋', zap: '⚡', information_source: 'ℹ️', question: '❓', exclamation: '❗',
  grey_question: '❔', heavy_exclamation_mark: '❗', clock1: '🕐', clock3: '🕒', alarm_clock: '⏰', stopwatch: '⏱️', watch: '⌚', mega: '📣', loudspeaker: '📢',
  wrench: '🔧', hammer: '🔨', hammer_and_wrench: '🛠️', construction: '🚧', mag: '🔍', bulb: '💡', chart_with_upwards_trend: '📈',
  chart_with_downwards_trend: '📉', bar_chart: '📊', clipboard: '📋', page_facing_up: '📄', email: '✉️', telephone_receiver: '📞',
  globe_with_meridians: '🌐', package: '📦', rocket: '🚀', bug: '🐛', robot_face: '🤖', gear: '⚙️', key: '🔑', heart: '❤️', raised_hands: '🙌',
  clap: '👏', pray: '🙏', muscle: '💪', ok_hand: '👌', thinking_face: '🤔', smile: '😄', slightly_smiling_face: '🙂', sob: '😭', sweat_smile: '😅',
  joy: '😂', cry: '😢', scream: '😱', 100: '💯', star: '⭐', sparkles: '✨', boom: '💥', arrow_right: '➡️', arrow_left: '⬅️', arrow_up: '⬆️',
  arrow_down: '⬇️', arrows_counterclockwise: '🔄', repeat: '🔁', busts_in_silhouette: '👥', bust_in_silhouette: '👤', credit_card: '💳',
  file_folder: '📁', white_large_square: '⬜', large_red_square: '🟥', large_green_square: '🟩', checkered_flag: '🏁', triangular_flag_on_post: '🚩',
  sos: '🆘', new: '🆕', heavy_plus_sign: '➕', heavy_minus_sign: '➖', ledger: '📒', book: '📖', bookmark: '🔖', label: '🏷️', shield: '🛡️', coffee: '☕',
};
const dot = (fill) => [['circle', { cx: 10, cy: 10, r: 8, fill }]];
const stroke = (d, color, width = 2) => ['path', { d, stroke: color, 'stroke-width': width, fill: 'none', 'stroke-linecap': 'round', 'stroke-linejoin': 'round' }];
const fill = (d, color) => ['path', { d, fill: color }];
const HAND = '#f5bf2f';
const DRAWN = {
  '🔴': dot('#dd2e44'), '🟠': dot('#f4900c'), '🟡': dot('#f5c518'), '🟢': dot('#4fae4e'), '🔵': dot('#3b88d8'), '🟣': dot('#9266cc'),
  '⚪': [['circle', { cx: 10, cy: 10, r: 7.5, fill: '#eef1f4', stroke: '#a9b3bd' }]], '⚫': dot('#2b2f33'),
  '✅': [['rect', { x: 2, y: 2, width: 16, height: 16, rx: 3, fill: '#4fae4e' }], stroke('M6 10.500l3 3 5.5-7', '#fff', 2.4)],
  '✔': [stroke('M4 11l4 4 8-10', '#4fae4e', 2.6)],
  '❌': [stroke('M5 5l10 10M15 5L5 15', '#dd2e44', 3)],
  '⚠': [fill('M10 2 19 17.500H1z', '#f5c518'), stroke('M10 7.500v4.5', '#3a2f00', 2), ['circle', { cx: 10, cy: 15, r: 1.2, fill: '#3a2f00' }]],
  '📌': [stroke('M8 12 3.5 16.5', '#8b98a3', 1.6), fill('M11.5 2 18 8.500l-2 .8-3 3-.6 3.200L4.5 7.600l3.2-.6 3-3z', '#dd2e44')],
  '📍': [stroke('M10 9v9', '#8b98a3', 1.8), ['circle', { cx: 10, cy: 6, r: 4.5, fill: '#dd2e44' }]],
  '☝': [fill('M5 3.3a1.5 1.5 0 0 1 3 0V9h5.2c1.9 0 2.8 1.2 2.8 3v1.5c0 3-2.2 5-5.2 5H9.5c-2.3 0-3.6-1-4.2-3L3.6 12c-.5-1.6.4-2.6 1.400-2.900z', HAND), stroke('M8 9.2v2.6c0 1.6 2.700 1.6 2.700 0V9.2M10.700 11.800c0 1.6 2.6 1.6 2.6 0V9.3M5 9.2c.2 3 1 4.3 3 4.800', '#b9820f', 1)],
  '👆': [fill('M5 3.3a1.5 1.5 0 0 1 3 0V9h5.2c1.9 0 2.8 1.2 2.8 3v1.5c0 3-2.2 5-5.2 5H9.5c-2.3 0-3.6-1-4.2-3L3.6 12c-.5-1.6.4-2.6 1.400-2.900z', HAND), stroke('M8 9.2v2.6c0 1.6 2.700 1.6 2.700 0V9.2M10.700 11.800c0 1.6 2.6 1.6 2.6 0V9.3M5 9.2c.2 3 1 4.3 3 4.800', '#b9820f', 1)],
  '👍': [fill('M8 9l2.6-6.500c1.6 0 2.2 1.2 1.9 2.600L12 8h4.200c1.2 0 1.8.9 1.6 2l-1.1 5.800c-.2 1-1 1.7-2 1.700H8z', HAND), fill('M2.5 9H6.500v8.500h-4z', '#5b7ea6')],
  '👎': [fill('M8 11l2.6 6.500c1.6 0 2.2-1.2 1.9-2.600L12 12h4.200c1.2 0 1.8-.9 1.6-2l-1.1-5.800c-.2-1-1-1.7-2-1.700H8z', HAND), fill('M2.5 11H6.500V2.500h-4z', '#5b7ea6')],
  '🔥': [fill('M10.5 1.500c.7 4 5.5 5.5 5.5 10.500a6 6 0 0 1-12 0c0-3.2 2.2-4.2 2.5-7 1.4.8 2.2 2 2.3 3.6.9-1.7 2-4.6 1.7-7.100z', '#f4700c'), fill('M10 10c.5 2 2.8 2.5 2.8 4.900a2.8 2.8 0 0 1-5.6 0C7.2 13 9.2 12.5 10 10z', '#ffcc4d')],
  '🚨': [fill('M5 14V10a5 5 0 0 1 10 0v4z', '#dd2e44'), fill('M3 14.500h14V18H3z', '#56616b'), stroke('M10 1v1.500M3.5 3.500l1 1.200M16.5 3.500l-1 1.2', '#dd2e44', 1.6), stroke('M8 10a2 2 0 0 1 2-2', '#fff', 1.4)],
  '⌛': [fill('M5 2h10v2c0 3-3.2 4-3.2 6s3.2 3 3.2 6v2H5v-2c0-3 3.2-4 3.2-6S5 7 5 4z', '#bcd9ee'), fill('M6 17c0-2.5 2.5-2.5 4-4 1.5 1.5 4 1.5 4 4z', '#f0a92e'), stroke('M4.5 2h11M4.5 18h11', '#8a5a2b', 2)],
  '⏳': [fill('M5 2h10v2c0 3-3.2 4-3.2 6s3.2 3 3.2 6v2H5v-2c0-3 3.2-4 3.2-6S5 7 5 4z', '#bcd9ee'), fill('M6.5 6h7c-.6 1.6-2.6 2.2-3.5 4-.9-1.8-2.9-2.4-3.5-4zM7.5 17c0-1.5 1.5-1.5 2.5-3 1 1.5 2.5 1.5 2.5 3z', '#f0a92e'), stroke('M4.5 2h11M4.5 18h11', '#8a5a2b', 2)],
  '👀': [['ellipse', { cx: 5.8, cy: 10, rx: 4, ry: 6, fill: '#fff', stroke: '#7b8791' }], ['ellipse', { cx: 14.2, cy: 10, rx: 4, ry: 6, fill: '#fff', stroke: '#7b8791' }], ['circle', { cx: 4.6, cy: 11, r: 2, fill: '#2b2f33' }], ['circle', { cx: 13, cy: 11, r: 2, fill: '#2b2f33' }]],
  '🎉': [fill('M2 18 6.5 7l6.5 6.500z', '#f5c518'), stroke('M9 6c1-1.5.5-3-.5-4M12 8c1.5-2.5 3-3 5-2.500M14 11c1.5-.8 3-.5 4 .5', '#dd2e44', 1.6), ['circle', { cx: 13.5, cy: 3.5, r: 1.2, fill: '#3b88d8' }], ['circle', { cx: 17, cy: 8.5, r: 1.1, fill: '#4fae4e' }]],
  '🔔': [fill('M10 2c3.5 0 5 2.7 5 6 0 4 2 5 2 6.500H3C3 13 5 12 5 8c0-3.3 1.5-6 5-6z', '#f5bf2f'), fill('M8 15.500h4a2 2 0 0 1-4 0z', '#c9921a')],
  '⛔': [['circle', { cx: 10, cy: 10, r: 8, fill: '#dd2e44' }], ['rect', { x: 4.5, y: 8.5, width: 11, height: 3, fill: '#fff' }]],
  '🚫': [['circle', { cx: 10, cy: 10, r: 7, fill: 'none', stroke: '#dd2e44', 'stroke-width': 2.4 }], stroke('M5 5l10 10', '#dd2e44', 2.4)],
  '🔗': [stroke('M8.5 11.500l3-3M7 9l-2.5 2.500a2.8 2.8 0 0 0 4 4L11 13M9 7l2.5-2.500a2.8 2.8 0 0 1 4 4L13 11', '#5b7ea6', 1.8)],
  '📅': [['rect', { x: 2.5, y: 3.5, width: 15, height: 14, rx: 1.5, fill: '#eef1f4', stroke: '#a9b3bd' }], ['rect', { x: 2.5, y: 3.5, width: 15, height: 4, fill: '#dd2e44' }], stroke('M6 11h2M9.5 11h2M13 11h1.500M6 14h2M9.5 14h2', '#56616b', 1.4)],
  '📝': [['rect', { x: 3, y: 2, width: 12, height: 16, rx: 1, fill: '#eef1f4', stroke: '#a9b3bd' }], stroke('M5.5 6h7M5.5 9h7M5.5 12h4', '#8b98a3', 1.2), stroke('M10.5 15 17 8.5', '#f0a92e', 2.4)],
  '💬': [fill('M10 3c5 0 8.5 2.5 8.5 6S15 15 10 15c-.8 0-1.5 0-2.2-.2L4 17.500l.5-4C2.6 12.5 1.5 11 1.5 9c0-3.5 3.5-6 8.5-6z', '#c3d4e3'), stroke('M6.5 9h.1M10 9h.1M13.5 9h.1', '#42505c', 2)],
  '🔒': [stroke('M6.5 9V6.500a3.5 3.5 0 0 1 7 0V9', '#8b98a3', 2), ['rect', { x: 4, y: 9, width: 12, height: 9, rx: 1.5, fill: '#f0a92e' }]],
  '👋': [fill('M5 9.5 3.5 6.500c-.5-1.2 1.2-2 1.9-.8L7.5 9 5.8 4.500c-.5-1.3 1.3-2.1 2-.8L10 8 9.2 4c-.2-1.4 1.7-1.8 2.2-.5l1.8 6 .6-1.600c.5-1.3 2.4-.8 2.2.6-.4 3-.5 5-2 6.8-2 2.4-5.5 2-7.2-.3C5.6 13.5 5.6 11 5 9.500z', HAND)],
  '⚡': [fill('M11.5 1.5 4 11.500h4.500L7 18.500l8.5-10.500H11z', '#f4900c')],
  'ℹ': [['rect', { x: 2, y: 2, width: 16, height: 16, rx: 3, fill: '#3b88d8' }], stroke('M10 9.500v5', '#fff', 2.2), ['circle', { cx: 10, cy: 6, r: 1.3, fill: '#fff' }]],
  '❓': [stroke('M6.5 6.500c.3-4 7-4 7 0 0 2.5-3.5 3-3.5 6', '#dd2e44', 2.4), ['circle', { cx: 10, cy: 16.5, r: 1.5, fill: '#dd2e44' }]],
  '❗': [stroke('M10 3v9', '#dd2e44', 3), ['circle', { cx: 10, cy: 16.5, r: 1.7, fill: '#dd2e44' }]],
  '📣': [fill('M3 8l11-5v12L3 12z', '#dd2e44'), fill('M5 12l1.5 5H9l-1-4z', '#8b98a3'), stroke('M16.5 6.500c1.3 1.5 1.3 3.5 0 5', '#8b98a3', 1.5)],
  '🔄': [['rect', { x: 2, y: 2, width: 16, height: 16, rx: 3, fill: '#3b88d8' }], stroke('M6 10a4 4 0 0 1 7-2.500M14 10a4 4 0 0 1-7 2.500M13.3 5v2.700h-2.700M6.7 15v-2.700h2.7', '#fff', 1.5)],
  '➡': [['rect', { x: 2, y: 2, width: 16, height: 16, rx: 3, fill: '#3b88d8' }], stroke('M5.5 10h9M11 6.500l3.5 3.500L11 13.5', '#fff', 1.8)],
  '🔍': [stroke('M11.7 11.7 17 17', '#56616b', 2.6), ['circle', { cx: 8, cy: 8, r: 5, fill: '#cfe6f5', stroke: '#56616b', 'stroke-width': 1.6 }]],
  '🔧': [fill('M17 5.5 14.5 8l-2.3-.2L12 5.5 14.5 3c-2.5-1-5.5 1-4.7 4.200L3 14a2.1 2.1 0 0 0 3 3l6.8-6.800C16 11 18 8 17 5.500z', '#8b98a3')],
  '🏁': [stroke('M4 2v16', '#56616b', 1.6), ['rect', { x: 5, y: 3, width: 12, height: 8, fill: '#fff', stroke: '#56616b', 'stroke-width': 0.8 }], fill('M5 3h3v4H5zM11 3h3v4h-3zM8 7h3v4H8zM14 7h3v4h-3z', '#2b2f33')],
};
const bare = (char) => char.replace(/\uFE0F/g, '');
const NAME_OF = new Map(Object.entries(EMOJI).map(([name, char]) => [bare(char), name]));
const DRAWN_PATTERN = new RegExp(`(${Object.keys(DRAWN).join('|')})\uFE0F?`, 'u');

function emojiNode(char, name) {
  const drawn = DRAWN[bare(char)];
  const label = name || NAME_OF.get(bare(char)) || 'emoji';
  if (!drawn) return h('span', { class: 'emoji', role: 'img', 'aria-label': label.replace(/_/g, ' '), title: `:${label}:` }, char);
  const picture = svg('svg', { viewBox: '0 0 20 20', class: 'emoji emoji-drawn', role: 'img', 'aria-label': label.replace(/_/g, ' ') }, svg('title', {}, `:${label}:`));
  for (const [tag, attributes] of drawn) picture.append(svg(tag, attributes));
  return picture;
}
const emojiByName = (name) => {
  const plain = String(name).split('::')[0];
  return EMOJI[plain] ? emojiNode(EMOJI[plain], plain) : h('span', { class: 'emoji-unknown' }, `:${name}:`);
};
/** Appends text, drawing the emoji that occur in it. */
function appendText(parent, text) {
  for (const piece of String(text).split(DRAWN_PATTERN)) {
    if (!piece) continue;
    if (DRAWN[piece]) parent.append(emojiNode(piece));
    else parent.append(piece);
  }
}

// ---------------------------------------------------------------------------------------------
// mrkdwn

const safeUrl = (url) => (/^(https?:|mailto:|tel:)/i.test(url) ? url : null);
/** Where a permalink of this workspace leads: these stay on the page instead of going to Slack. */
function permalink(url) {
  const match = /^https:\/\/([\w-]+)\.slack\.com\/archives\/(\w+)(?:\/p(\d+)(\d{6}))?(?:\?(.*))?$/.exec(url || '');
  if (!match || match[1] !== app.state.workspace.domain) return null;
  return { channel: match[2], ts: match[3] ? `${match[3]}.${match[4]}` : null, thread: new URLSearchParams(match[5] || '').get('thread_ts') };
}
/** Goes to a message (or a channel) of this workspace and shows which one it is. */
function visit(target) {
  const there = place(target.channel);
  if (!there || (there.dm && there.user !== app.me)) {
    toast(`${nameOf(me())} cannot see that conversation.`);
    return;
  }
  const found = (there.messages || []).find((m) => m.ts === target.ts);
  const thread = found && found.thread_ts && found.thread_ts !== found.ts ? found.thread_ts : found ? null : target.thread;
  if (there.dm) app.home = false;
  // On a phone the panes lie over the channel.
  if (narrow.matches && !thread) { app.thread = null; app.journal = false; }
  go(target.channel, thread && !(found && found.subtype === 'thread_broadcast') ? null : target.ts);
  if (target.ts && !found) toast('That message is no longer there.');
  if (thread) {
    if (app.thread !== thread) openThread(thread);
    if (found) reveal(found.ts, 'thread-log');
  }
}
const link = (url, label) => {
  const href = safeUrl(url);
  const inside = permalink(url);
  if (inside) {
    const a = h('a', { class: 'link', href: `#user=${encodeURIComponent(me().name)}&channel=${encodeURIComponent(inside.channel)}`, title: url, on: { click: (event) => { event.preventDefault(); visit(inside); } } });
    appendText(a, label);
    return a;
  }
  const el = href ? h('a', { class: 'link', href, target: '_blank', rel: 'noopener noreferrer' }) : h('span', {});
  appendText(el, label);
  return el;
};

function userMention(id, label) {
  const u = user(id);
  const mine = id === app.me;
  return h('span', { class: `mention${mine ? ' mention-me' : ''}`, data: { mention: id } }, `@${u ? nameOf(u) : label || id}`);
}
function groupMention(id, label) {
  const group = groupOf(id);
  const mine = group && group.users.includes(app.me);
  const text = group ? `@${group.handle}` : label || `@${id}`;
  return h('span', { class: `mention${mine ? ' mention-me' : ''}`, title: group ? group.users.map((u) => nameOf(user(u))).join(', ') : null }, text);
}
function channelMention(id, label) {
  const c = app.channels.get(id);
  const name = `#${c ? c.name : label || id}`;
  if (!c) return h('span', { class: 'mention' }, name);
  return h('button', { type: 'button', class: 'mention mention-link', on: { click: () => go(id) } }, name);
}
function dateNode(epoch, format, url, fallback, starts) {
  const seconds = Number(epoch);
  if (!Number.isFinite(seconds)) return document.createTextNode(fallback || '');
  const write = () => {
    const text = dateFormat(format, seconds);
    return starts ? capital(text) : text;
  };
  const time = live('time', { class: 'date', title: fullTime(seconds) }, write);
  time.setAttribute('datetime', new Date(seconds * 1000).toISOString());
  if (url && safeUrl(url)) {
    const a = link(url, '');
    a.append(time);
    return a;
  }
  return time;
}

/** The node of one `<…>` token. */
function token(inner, starts) {
  const bar = inner.indexOf('|');
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? '' : unescapeSlack(inner.slice(bar + 1));
  if (target.startsWith('@')) return userMention(target.slice(1), label);
  if (target.startsWith('#')) return channelMention(target.slice(1), label);
  if (target.startsWith('!date^')) {
    const [, epoch, format, url] = target.split('^');
    return dateNode(epoch, unescapeSlack(format || '{date} {time}'), url && unescapeSlack(url), label, starts);
  }
  if (target.startsWith('!subteam^')) return groupMention(target.slice(9), label);
  if (/^!(here|channel|everyone)$/.test(target)) return h('span', { class: 'mention mention-me' }, `@${target.slice(1)}`);
  if (target.startsWith('!')) return document.createTextNode(label || `<${target}>`);
  return link(unescapeSlack(target), label || unescapeSlack(target));
}
/** A `<…>` token as plain words, for code and for labels. */
function tokenWords(inner) {
  const holder = h('span', {});
  holder.append(token(inner, false));
  return holder.textContent;
}

const WORD = /[\p{L}\p{N}]/u;
const TOKEN = /^<([@#!][^<>\n]+|(?:https?|mailto|tel):[^<>\n]+)>/i;
const STYLES = { '*': 'strong', '_': 'em', '~': 's' };

function inline(text, parent, starts = true) {
  let buffer = '';
  let any = false;
  const flush = () => {
    if (buffer) { appendText(parent, unescapeSlack(buffer)); any = true; }
    buffer = '';
  };
  const add = (node) => { flush(); parent.append(node); any = true; };
  let i = 0;
  while (i < text.length) {
    const char = text[i];
    const rest = text.slice(i);
    let match;
    if (char === '<' && (match = TOKEN.exec(rest))) {
      add(token(match[1], starts && !any && !buffer.trim()));
      i += match[0].length;
    } else if (char === '`' && (match = /^`([^`\n]+)`/.exec(rest))) {
      add(h('code', { class: 'code' }, unescapeSlack(match[1].replace(/<([^<>]+)>/g, (_, inner) => tokenWords(inner)))));
      i += match[0].length;
    } else if (char === ':' && (match = /^:([a-z0-9_+'-]+)(::skin-tone-\d)?:/i.exec(rest)) && EMOJI[match[1]]) {
      add(emojiByName(match[1]));
      i += match[0].length;
    } else if (STYLES[char] && styleEnd(text, i) > 0) {
      const end = styleEnd(text, i);
      const el = h(STYLES[char], {});
      inline(text.slice(i + 1, end), el, starts && !any && !buffer.trim());
      add(el);
      i = end + 1;
    } else if (char === 'h' && !WORD.test(text[i - 1] || ' ') && (match = /^https?:\/\/[^\s<>|`]+/.exec(rest))) {
      const url = match[0].replace(/[.,;:!?)'"\]*_~]+$/, '');
      add(link(unescapeSlack(url), unescapeSlack(url)));
      i += url.length;
    } else {
      buffer += char;
      i += 1;
    }
  }
  flush();
}
/** Where the style that opens at `start` closes, or 0. */
function styleEnd(text, start) {
  const mark = text[start];
  const before = text[start - 1];
  const after = text[start + 1];
  if (before !== undefined && (WORD.test(before) || before === mark)) return 0;
  if (after === undefined || /\s/.test(after) || after === mark) return 0;
  for (let i = start + 1; i < text.length; i += 1) {
    if (text[i] === '<') {
      const close = text.indexOf('>', i);
      if (close > 0) { i = close; continue; }
    }
    if (text[i] === '`') {
      const close = text.indexOf('`', i + 1);
      if (close > 0) { i = close; continue; }
    }
    if (text[i] !== mark || i === start + 1 || /\s/.test(text[i - 1])) continue;
    const next = text[i + 1];
    if (next === undefined || !(WORD.test(next) || next === mark)) return i;
  }
  return 0;
}

function lines(text, parent) {
  const rows = text.split('\n');
  let i = 0;
  let first = true;
  while (i < rows.length) {
    const quote = /^\s*(?:&gt;|>)(?!&gt;|>)\s?/;
    const quoteAll = /^\s*(?:(?:&gt;){3}|>>>)\s?/;
    if (quoteAll.test(rows[i])) {
      const block = h('blockquote', { class: 'quote' });
      lines([rows[i].replace(quoteAll, ''), ...rows.slice(i + 1)].join('\n'), block);
      parent.append(block);
      return;
    }
    if (quote.test(rows[i])) {
      const block = h('blockquote', { class: 'quote' });
      let count = 0;
      while (i < rows.length && quote.test(rows[i])) {
        if (count++) block.append(h('br'));
        inline(rows[i].replace(quote, ''), block);
        i += 1;
      }
      parent.append(block);
      first = true;
      continue;
    }
    if (!first) parent.append(h('br'));
    inline(rows[i], parent);
    first = false;
    i += 1;
  }
}

/** A fragment for Slack's `mrkdwn`. */
function mrkdwn(text) {
  const out = document.createDocumentFragment();
  const pieces = String(text || '').split(/```\n?([\s\S]*?)\n?```/);
  pieces.forEach((piece, index) => {
    if (index % 2) {
      out.append(h('pre', { class: 'codeblock' }, unescapeSlack(piece.replace(/<([^<>\n]+)>/g, (_, inner) => tokenWords(inner)))));
    } else {
      let words = piece;
      if (index > 0) words = words.replace(/^\n/, '');
      if (index < pieces.length - 1) words = words.replace(/\n$/, '');
      if (words) lines(words, out);
    }
  });
  return out;
}
/** A fragment for text that has no markup except emoji. */
function plain(text, emoji = true) {
  const out = document.createDocumentFragment();
  unescapeSlack(text || '').split('\n').forEach((row, index) => {
    if (index) out.append(h('br'));
    if (!emoji) { out.append(row); return; }
    row.split(/:([a-z0-9_+'-]+):/i).forEach((piece, at) => {
      if (at % 2 === 0) appendText(out, piece);
      else if (EMOJI[piece]) out.append(emojiByName(piece));
      else out.append(`:${piece}:`);
    });
  });
  return out;
}
/** A fragment for a text object of Block Kit. */
function textObject(object) {
  if (!object) return document.createDocumentFragment();
  if (typeof object === 'string') return plain(object);
  return object.type === 'mrkdwn' ? mrkdwn(object.text) : plain(object.text, object.emoji !== false);
}
function words(object) {
  const holder = h('span', {});
  holder.append(textObject(object));
  for (const el of holder.querySelectorAll('svg')) el.remove();
  return holder.textContent.trim();
}
function mrkdwnWords(text) {
  const holder = h('span', {});
  holder.append(mrkdwn(text));
  for (const el of holder.querySelectorAll('br')) el.replaceWith(' ');
  for (const el of holder.querySelectorAll('svg')) el.remove();
  return holder.textContent.trim();
}

// ---------------------------------------------------------------------------------------------
// The control API

class Refused extends Error {}

async function api(path, body) {
  let response;
  try {
    response = await fetch(`/_sandbox/${path}`, body === undefined ? { cache: 'no-store' } : {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
  } catch {
    throw new Refused('The sandbox cannot be reached.');
  }
  let answer = null;
  try { answer = await response.json(); } catch { /* said below */ }
  if (!answer) throw new Refused(`The sandbox answered with status ${response.status}.`);
  if (!response.ok || answer.ok === false) throw new Refused(answer.error || `The sandbox answered with status ${response.status}.`);
  return answer;
}
/** What a person does: the answer's `seen`, after the page has been brought up to date. */
async function act(path, body) {
  const answer = await api(path, body);
  await refresh();
  const seen = answer.seen || {};
  // People in Slack see an error's name at most; whoever runs the app wants to know more.
  if (seen.why) toast(seen.why);
  return seen;
}

let refreshing = null;
let again = false;
function refresh() {
  if (refreshing) { again = true; return refreshing; }
  refreshing = (async () => {
    try {
      do {
        again = false;
        const state = await api('state');
        accept(state);
      } while (again);
    } finally { refreshing = null; }
  })();
  return refreshing;
}

function accept(state) {
  app.state = state;
  app.received = performance.now();
  app.users = new Map((state.users || []).map((u) => [u.id, u]));
  app.channels = new Map((state.channels || []).map((c) => [c.id, c]));
  const before = `${app.me}/${app.channel}`;
  choose();
  render({ moved: before !== `${app.me}/${app.channel}` });
}

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function follow() {
  let wait = 500;
  for (;;) {
    try {
      if (!app.state) await refresh();
      else {
        const control = new AbortController();
        const timer = setTimeout(() => control.abort(), 40000);
        const response = await fetch(`/_sandbox/changes?after=${app.state.revision}`, { cache: 'no-store', signal: control.signal });
        clearTimeout(timer);
        if (!response.ok) throw new Refused('changes');
        const { revision } = await response.json();
        if (revision !== app.state.revision) await refresh();
        else if (wait > 500) await refresh();
      }
      wait = 500;
      byId('banner').hidden = true;
    } catch {
      byId('banner').hidden = false;
      await sleep(wait);
      wait = Math.min(wait * 2, 8000);
      try { await refresh(); wait = 500; byId('banner').hidden = true; } catch { /* still away */ }
    }
  }
}

function toast(sentence) {
  const text = sentence.replace(/\b[UC]0?[A-Z0-9]{2,}\b/g, (id) => (user(id) ? nameOf(user(id)) : app.channels.has(id) ? channelLabel(id) : id));
  const el = h('div', { class: 'toast' }, h('p', {}, text),
    h('button', { type: 'button', class: 'icon-btn', 'aria-label': 'Dismiss', on: { click: () => el.remove() } }, icon('close')));
  byId('toasts').append(el);
  setTimeout(() => el.remove(), 9000);
}

// ---------------------------------------------------------------------------------------------
// Who acts, and where

function fromHash() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const match = (items, text) => {
    const low = String(text).toLowerCase().replace(/^[@#]/, '');
    return items.find((item) => [item.id, item.name, item.real_name].some((name) => name && name.toLowerCase() === low));
  };
  if (wanted.get('user')) {
    const found = match(humans(), wanted.get('user'));
    if (found) app.me = found.id;
  }
  if (wanted.get('channel')) {
    const text = wanted.get('channel');
    const found = match([...app.channels.values()], text)
      || (app.state.dms || []).find((d) => d.id === text);
    if (found) app.channel = found.id;
    else if (bot() && match([bot()], text)) app.channel = dmId();
  }
}
function toHash() {
  const c = app.channels.get(app.channel);
  const wanted = `#user=${encodeURIComponent(me() ? me().name : '')}&channel=${encodeURIComponent(c ? c.name : app.channel)}`;
  if (location.hash !== wanted) history.replaceState(null, '', wanted);
}
/** The id of the acting user's direct message with the bot; before it exists, the person's own id,
 *  which the control API takes for it. */
function dmId() {
  const dm = (app.state.dms || []).find((d) => d.user === app.me);
  return dm ? dm.id : app.me;
}
let hashRead = false;
function choose() {
  if (!hashRead) { hashRead = true; app.me = store('user'); app.channel = store('channel'); fromHash(); }
  if (!user(app.me) || user(app.me).is_bot || user(app.me).deleted) app.me = humans().length ? humans()[0].id : null;
  const dm = (app.state.dms || []).find((d) => d.id === app.channel);
  if ((dm && dm.user !== app.me) || user(app.channel)) app.channel = dmId();
  if (!place() && app.channel !== dmId()) {
    const list = visibleChannels();
    const first = list.find((c) => /outage|incident/.test(c.name)) || list[0];
    app.channel = first ? first.id : null;
    app.thread = null;
  }
  store('user', app.me || '');
  store('channel', app.channel || '');
  toHash();
  readMarks();
}
/** Only members see that a private channel is there. */
const isKnown = (c) => !c.is_private || !c.members || c.members.includes(app.me);
const visibleChannels = () => [...app.channels.values()].filter(isKnown).sort((a, b) => Number(!!a.is_archived) - Number(!!b.is_archived));

function actAs(id) {
  if (id === app.me) return;
  keepDraft();
  const inDm = !app.channels.has(app.channel);
  app.me = id;
  if (inDm) app.channel = dmId();
  if (inDm) app.thread = null;
  app.atBottom = true;
  choose();
  render({ moved: true });
  closeDrawer();
}
function go(id, ts) {
  keepDraft();
  const moved = id !== app.channel;
  if (moved) app.thread = null;
  app.channel = id;
  app.atBottom = true;
  choose();
  render({ moved });
  closeDrawer();
  if (ts) reveal(ts);
  else if (moved) byId('composer-input').focus({ preventScroll: true });
}
function reveal(ts, where = 'log') {
  const el = byId(where).querySelector(`[data-ts="${CSS.escape(ts)}"]`);
  if (!el) return;
  el.scrollIntoView({ block: 'center' });
  el.classList.add('flash');
  el.focus({ preventScroll: true });
  setTimeout(() => el.classList.remove('flash'), 2000);
}

// Unread marks: what was the last thing each person saw in each channel.

let marks = null;
function readMarks() {
  const key = `read.${app.state.workspace.id}`;
  if (!marks) {
    marks = storedJson(key);
    if (!marks.start) {
      const known = [...app.channels.values(), ...(app.state.dms || [])].flatMap((c) => c.messages || []);
      marks = { start: Math.max(0, ...known.map((m) => Number(m.ts))) || now() - 1 };
      store(key, JSON.stringify(marks));
    }
  }
  // A workspace that was started anew may have an earlier clock than the one these were kept from.
  if (marks.start > now() + 60) marks = { start: 0 };
}
const lastRead = (channel) => {
  const kept = Math.max(marks.start, marks[`${app.me}.${channel}`] || 0);
  return kept > now() + 60 ? 0 : kept;
};
function markRead() {
  if (!app.channel || document.hidden) return;
  const latest = Math.max(0, ...entries(app.channel).map((m) => Number(m.ts)));
  const key = `${app.me}.${app.channel}`;
  if (latest > lastRead(app.channel)) {
    marks[key] = latest;
    store(`read.${app.state.workspace.id}`, JSON.stringify(marks));
  }
}
function unread(id) {
  if (id === app.channel && !document.hidden) return { count: 0, mentions: 0 };
  const since = lastRead(id);
  let count = 0;
  let mentions = 0;
  for (const m of entries(id)) {
    // Somebody coming or going is nothing to read.
    if (Number(m.ts) <= since || m.user === app.me || QUIET.has(m.subtype)) continue;
    count += 1;
    if (m.ephemeral || JSON.stringify([m.text, m.blocks]).match(new RegExp(`<@${app.me}[>|]|<!(here|channel|everyone)`))) mentions += 1;
  }
  return { count, mentions };
}

/** What the acting user sees in a channel outside of threads, oldest first. */
function entries(id, thread) {
  const here = place(id);
  const own = [
    ...((app.state.ephemerals || []).filter((e) => e.user === app.me && e.channel === id)),
    ...app.notices.filter((e) => e.user === app.me && e.channel === id),
  ].filter((e) => !app.dismissed.has(`${e.id}/${e.ts}`)).map((e) => ({ ...e, ephemeral: true }));
  const stored = here ? here.messages || [] : [];
  const inThread = (m) => m.thread_ts && m.thread_ts !== m.ts;
  const wanted = thread
    ? (m) => m.ts === thread || m.thread_ts === thread
    : (m) => !inThread(m) || m.subtype === 'thread_broadcast';
  return [...stored, ...own].filter(wanted).map((m, at) => [m, at])
    .sort(([a, i], [b, j]) => Number(a.ts) - Number(b.ts) || i - j).map(([m]) => m);
}
const replies = (id, ts) => ((place(id) || {}).messages || []).filter((m) => m.thread_ts === ts && m.ts !== ts);

// ---------------------------------------------------------------------------------------------
// Drawing without losing what somebody is in the middle of

/** Makes the children of `parent` those of `list` ({key, sig, build}), reusing unchanged ones. */
function reconcile(parent, list) {
  const old = new Map();
  for (const child of [...parent.children]) if (child.rkey !== undefined) old.set(child.rkey, child);
  let cursor = parent.firstElementChild;
  for (const item of list) {
    let el = old.get(item.key);
    old.delete(item.key);
    if (!el || el.rsig !== item.sig) {
      const fresh = item.build();
      fresh.rkey = item.key;
      fresh.rsig = item.sig;
      if (el) {
        if (cursor === el) cursor = el.nextElementSibling;
        el.remove();
      }
      el = fresh;
    }
    if (el === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(el, cursor);
  }
  for (const el of old.values()) el.remove();
}

/** Runs `draw` and gives the focus back to the control that had it, if it was drawn anew. */
function keepingFocus(draw) {
  const active = document.activeElement;
  const key = active && active.dataset ? active.dataset.fk : null;
  const caret = key && 'selectionStart' in active ? [active.selectionStart, active.selectionEnd] : null;
  draw();
  if (!key || document.activeElement === active) return;
  const fresh = document.querySelector(`[data-fk="${CSS.escape(key)}"]`);
  if (!fresh) return;
  fresh.focus({ preventScroll: true });
  if (caret && caret[0] !== null && fresh.setSelectionRange) {
    try { fresh.setSelectionRange(caret[0], caret[1]); } catch { /* not a text field */ }
  }
}

function render(how = {}) {
  if (!app.state) return;
  keepingFocus(() => {
    drawSidebar();
    drawHead();
    drawThread(how);
    drawComposer();
    drawLog(how);
    drawHome();
    drawViews();
  });
  refreshLive();
  tickClock();
  markRead();
  if (app.journal) loadJournal();
  const waiting = visibleChannels().some((c) => unread(c.id).count);
  document.title = `${waiting ? '* ' : ''}${placeTitle()} – ${app.state.workspace.name}`;
}
const pinsOf = (here) => ((here && here.pins) || []).map((pin) => (typeof pin === 'object' ? pin.ts : pin));
const placeTitle = () => {
  const here = place();
  return here && !here.dm ? `#${here.name}` : nameOf(bot());
};

function avatar(url, name, className = 'avatar') {
  const initial = (name || '?').trim().charAt(0).toUpperCase();
  const letter = () => h('span', { class: `${className} avatar-letter`, 'aria-hidden': 'true' }, initial);
  if (!url) return letter();
  const img = h('img', { class: className, src: url, alt: '', loading: 'lazy' });
  img.addEventListener('error', () => img.replaceWith(letter()));
  return img;
}

// ---------------------------------------------------------------------------------------------
// Sidebar

function sidebarSignature() {
  return JSON.stringify([app.me, app.channel, app.users.size, [...app.users.values()].map((u) => [u.id, u.name, u.real_name, u.picture, u.tz]),
    (app.state.dms || []).map((d) => d.id), visibleChannels().map((c) => [c.id, c.name, c.is_archived, (c.members || []).includes(app.me), unread(c.id)]), unread(dmId())]);
}
let drawnSidebar = '';
function drawSidebar() {
  byId('workspace-name').textContent = app.state.workspace.name || 'Workspace';
  const signature = sidebarSignature();
  if (signature === drawnSidebar) return;
  drawnSidebar = signature;
  byId('people').replaceChildren(...humans().map((u) => h('li', {},
    h('button', {
      type: 'button', class: 'side-item person', data: { user: u.id, userName: u.name, fk: `person-${u.id}` },
      'aria-pressed': String(u.id === app.me), title: u.tz ? `${nameOf(u)} – ${zoneLabel(u.tz)}` : nameOf(u), on: { click: () => actAs(u.id) },
    }, avatar(u.picture, nameOf(u), 'avatar tiny'), h('span', { class: 'side-name' }, nameOf(u)),
    live('span', { class: 'side-time' }, () => clock12(parts(now(), u.tz || 'UTC')))))));
  byId('channels').replaceChildren(...visibleChannels().map((c) => {
    const mark = unread(c.id);
    const member = !c.members || c.members.includes(app.me);
    return h('li', {}, h('button', {
      type: 'button', class: `side-item${mark.count ? ' unread' : ''}${c.is_archived || !member ? ' faint' : ''}`,
      data: { channel: c.id, channelName: c.name, unread: mark.count ? 'true' : null, fk: `channel-${c.id}` },
      'aria-current': c.id === app.channel ? 'true' : null, on: { click: () => go(c.id) },
    }, h('span', { class: 'hash', 'aria-hidden': 'true' }, c.is_private ? '◆' : '#'), h('span', { class: 'side-name' }, c.name),
    c.is_private ? h('span', { class: 'sr-only' }, ', private') : null,
    c.is_archived ? h('span', { class: 'side-note' }, 'archived') : null,
    mark.mentions ? h('span', { class: 'badge', title: 'Unread for you' }, String(mark.mentions)) : null,
    mark.count ? h('span', { class: 'sr-only' }, ', unread') : null));
  }));
  const b = bot();
  const id = dmId();
  const mark = unread(id);
  byId('dms').replaceChildren(...(b ? [h('li', {}, h('button', {
    type: 'button', class: `side-item${mark.count ? ' unread' : ''}`, data: { channel: id, channelName: 'dm', unread: mark.count ? 'true' : null, fk: 'channel-dm', testid: 'dm-bot' },
    'aria-current': id === app.channel ? 'true' : null, on: { click: () => go(id) },
  }, avatar(b.picture, nameOf(b), 'avatar tiny'), h('span', { class: 'side-name' }, botName()), h('span', { class: 'app-badge' }, 'APP'),
  mark.count ? h('span', { class: 'badge' }, String(mark.count)) : null, mark.count ? h('span', { class: 'sr-only' }, ', unread') : null))] : []));
}
const botName = () => {
  const b = bot();
  return b ? capital(nameOf(b)) : 'Balefire';
};

// ---------------------------------------------------------------------------------------------
// Channel head, pins

function drawHead() {
  const here = place();
  const title = byId('channel-name');
  const dm = !here || here.dm;
  title.replaceChildren(...(dm
    ? [avatar(bot() && bot().picture, botName(), 'avatar tiny'), h('span', {}, botName()), h('span', { class: 'app-badge' }, 'APP')]
    : [h('span', { class: 'hash', 'aria-hidden': 'true' }, '#'), h('span', {}, here.name)]));
  if (!dm && here.is_archived) title.append(h('span', { class: 'side-note archived', data: { testid: 'channel-archived' } }, 'archived'));
  drawTopic((here && here.topic && here.topic.value) || '');
  drawBookmarks(here);
  const pins = pinsOf(here);
  const button = byId('pins-toggle');
  button.hidden = !pins.length;
  button.replaceChildren(emojiNode('📌'), h('span', {}, ` ${pins.length}`), h('span', { class: 'wide-only' }, ' pinned'));
  button.setAttribute('aria-label', `${plural(pins.length, 'pinned message')}, show`);
  const members = (here && here.members ? here.members : []).filter((id) => !(user(id) || {}).deleted);
  const box = byId('members');
  box.hidden = dm || !members.length;
  box.title = members.map((id) => nameOf(user(id))).join(', ');
  box.replaceChildren(icon('people'), h('span', {}, String(members.length)), h('span', { class: 'sr-only' }, ' members'));
  byId('log').setAttribute('aria-label', `Messages in ${placeTitle()}`);
}

/** Drawn anew only when it is another one, so that a link in it keeps the focus. */
function drawTopic(topic) {
  const box = byId('channel-topic');
  const signature = `${topic}/${zone()}/${app.users.size}/${app.channels.size}`;
  if (box.dataset.drawn === signature) return;
  box.dataset.drawn = signature;
  box.replaceChildren(mrkdwn(topic));
  box.title = mrkdwnWords(topic);
  box.hidden = !topic;
}
function drawBookmarks(here) {
  const bookmarks = (here && !here.dm && here.bookmarks) || [];
  const bar = byId('bookmarks');
  bar.hidden = !bookmarks.length;
  reconcile(byId('bookmark-list'), bookmarks.map((b) => ({
    key: b.id, sig: JSON.stringify([b, app.me]),
    build: () => {
      const a = link(b.link, '');
      a.classList.add('bookmark');
      a.dataset.testid = 'bookmark';
      a.dataset.bookmarkId = b.id;
      if (!a.title) a.title = b.link;
      a.append(b.emoji ? emojiByName(b.emoji.replace(/:/g, '')) : emojiNode('🔗'), h('span', {}, unescapeSlack(b.title)));
      return h('li', {}, a);
    },
  })));
}

/** A panel at a control: closes on Escape and on a click elsewhere, gives the focus back. */
let openPanel = null;
function panel(anchor, content, { label, role = 'dialog', className = '', focus } = {}) {
  closePanel();
  const el = h('div', { class: `panel ${className}`, role, 'aria-label': label, tabindex: '-1' }, content);
  const host = anchor.closest('dialog') || document.body;
  host.append(el);
  const message = anchor.closest('.message');
  if (message) message.classList.add('holding');
  anchor.setAttribute('aria-expanded', 'true');
  const outside = (event) => { if (!el.contains(event.target) && !anchor.contains(event.target)) close(false); };
  const keys = (event) => {
    if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); close(true); }
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp' || ((event.key === 'ArrowLeft' || event.key === 'ArrowRight') && className.includes('picker'))) {
      const items = [...el.querySelectorAll('button, a[href]')];
      const at = items.indexOf(document.activeElement);
      const step = event.key === 'ArrowDown' || event.key === 'ArrowRight' ? 1 : -1;
      event.preventDefault();
      if (items.length) items[(at + step + items.length) % items.length].focus();
    }
    if (event.key === 'Tab') {
      const items = [...el.querySelectorAll('button, a[href]')];
      const last = event.shiftKey ? items[0] : items[items.length - 1];
      if (document.activeElement === last || !items.length) { event.preventDefault(); close(true); }
    }
  };
  function close(back) {
    el.remove();
    document.removeEventListener('mousedown', outside, true);
    window.removeEventListener('resize', close);
    anchor.setAttribute('aria-expanded', 'false');
    openPanel = null;
    if (back) {
      const target = anchor.isConnected ? anchor : anchor.dataset.fk && document.querySelector(`[data-fk="${CSS.escape(anchor.dataset.fk)}"]`);
      if (target) target.focus({ preventScroll: true });
    }
    // After that: what a message lets go of is hidden, and hidden buttons take no focus.
    if (message) message.classList.remove('holding');
  }
  el.addEventListener('keydown', keys);
  document.addEventListener('mousedown', outside, true);
  window.addEventListener('resize', close);
  placeAt(el, anchor);
  const first = focus || el.querySelector('button, a[href]') || el;
  first.focus({ preventScroll: true });
  openPanel = { close, anchor };
  return openPanel;
}
function closePanel() { if (openPanel) openPanel.close(false); }
/** Puts a fixed element under its anchor, or over it where there is no room. */
function placeAt(el, anchor, sameWidth) {
  const box = anchor.getBoundingClientRect();
  if (sameWidth) el.style.width = `${Math.round(box.width)}px`;
  const width = el.offsetWidth;
  const left = Math.max(8, Math.min(sameWidth ? box.left : box.right - width, window.innerWidth - width - 8));
  el.style.left = `${Math.round(left)}px`;
  const below = window.innerHeight - box.bottom - 12;
  const above = box.top - 12;
  const wanted = Math.min(el.scrollHeight, 420);
  if (below >= wanted || below >= above) {
    el.style.top = `${Math.round(box.bottom + 4)}px`;
    el.style.bottom = 'auto';
    el.style.maxHeight = `${Math.min(420, below)}px`;
  } else {
    el.style.top = 'auto';
    el.style.bottom = `${Math.round(window.innerHeight - box.top + 4)}px`;
    el.style.maxHeight = `${Math.min(420, above)}px`;
  }
}

function showPins() {
  const button = byId('pins-toggle');
  if (openPanel && openPanel.anchor === button) { closePanel(); return; }
  const here = place();
  const pinned = pinsOf(here).map((ts) => (here.messages || []).find((m) => m.ts === ts)).filter(Boolean);
  const items = pinned.map((m) => h('li', { class: 'pin', data: { pinTs: m.ts } },
    h('p', { class: 'pin-who' }, h('strong', {}, author(m).name), ' ', h('time', {}, capital(dateFormat('{date_short_pretty} at {time}', Number(m.ts))))),
    h('p', { class: 'pin-text' }, summary(m)),
    h('button', { type: 'button', class: 'btn small', on: { click: () => { closePanel(); jump(m); } } }, 'Jump to message')));
  panel(button, [h('h3', { class: 'panel-title' }, plural(pinned.length, 'pinned message')), h('ul', { class: 'pins', data: { testid: 'pins' } }, items)], { label: 'Pinned messages', className: 'wide' });
}
function jump(m) {
  visit({ channel: app.channel, ts: m.ts, thread: m.thread_ts });
}
/** A line or two that say what a message is about. */
function summary(m) {
  const blocks = [...(m.blocks || []), ...(m.attachments || []).flatMap((a) => a.blocks || [])];
  const first = m.text ? mrkdwnWords(m.text) : '';
  const inBlocks = blocks.map((b) => (b.text ? words(b.text) : (b.fields || []).map(words).join(' · '))).filter(Boolean).join(' — ');
  const text = first || inBlocks || (m.attachments || []).map((a) => a.fallback || a.text || '').join(' ') || 'A message';
  return text.length > 180 ? `${text.slice(0, 179)}…` : text;
}

// ---------------------------------------------------------------------------------------------
// Messages

function author(m) {
  if (m.notice || m.source === 'system' || m.user === 'USLACKBOT') return { name: 'Slackbot', app: false, picture: null, letter: true };
  const u = user(m.user) || (m.bot_id || m.ephemeral ? bot() : null);
  const isApp = !!(m.bot_id || (u && u.is_bot) || (m.ephemeral && !m.bot_id));
  const b = bot();
  const who = m.ephemeral ? user(m.bot_user) || b : u;
  const picture = m.icon_url || (m.icons && (m.icons.image_72 || m.icons.image_48 || m.icons.image_36)) || (who && who.picture);
  const emoji = m.icon_emoji || (m.icons && m.icons.emoji);
  const name = m.username || (who ? (who.is_bot ? capital(nameOf(who)) : nameOf(who)) : isApp ? 'Balefire' : m.user || 'Somebody');
  return { id: who ? who.id : m.bot_id || m.user, name, app: isApp, picture, emoji };
}
function authorPicture(who) {
  if (who.emoji) return h('span', { class: 'avatar avatar-emoji', 'aria-hidden': 'true' }, emojiByName(String(who.emoji).replace(/:/g, '')));
  return avatar(who.picture, who.name);
}

const QUIET = new Set(['channel_join', 'channel_leave', 'channel_topic', 'channel_purpose', 'channel_name', 'channel_archive', 'channel_unarchive', 'pinned_item', 'unpinned_item', 'bot_add', 'group_join', 'group_leave']);

function drawLog(how) {
  const log = byId('log');
  const stick = how.moved || app.atBottom;
  const list = entries(app.channel);
  const here = place();
  const items = [];
  items.push({ key: `intro-${app.channel}`, sig: `${app.channel}${list.length ? '' : app.me}`, build: () => intro(here) });
  if (how.moved) {
    const since = lastRead(app.channel);
    app.newSince = list.some((m) => Number(m.ts) > since && m.user !== app.me && !QUIET.has(m.subtype)) ? since : null;
  }
  messageItems(list, items, { place: here, thread: null, newSince: app.newSince });
  const before = log.lastElementChild && log.lastElementChild.rkey;
  reconcile(log, items);
  const after = log.lastElementChild && log.lastElementChild.rkey;
  const mine = list.length && list[list.length - 1].user === app.me && !list[list.length - 1].ephemeral;
  if (how.moved) {
    log.scrollTop = log.scrollHeight;
    byId('jump-new').hidden = true;
    app.atBottom = true;
  } else if (stick || (after !== before && mine)) {
    log.scrollTop = log.scrollHeight;
    app.atBottom = true;
  } else if (after !== before) byId('jump-new').hidden = false;
  rove(log);
}

function intro(here) {
  if (!here || here.dm) {
    return h('div', { class: 'intro' }, avatar(bot() && bot().picture, botName(), 'avatar big'), h('h3', {}, botName(), ' ', h('span', { class: 'app-badge' }, 'APP')),
      h('p', {}, `This is the direct message between you and ${botName()}.`));
  }
  return h('div', { class: 'intro' }, h('h3', {}, `# ${here.name}`), h('p', {}, `This is the very beginning of #${here.name}.`));
}

function messageItems(list, items, { place: here, thread, newSince }) {
  const pins = new Set(pinsOf(here));
  const people = JSON.stringify([...app.users.values()].map((u) => [u.name, u.real_name, u.picture]));
  const channelNames = JSON.stringify([...app.channels.values()].map((c) => c.name));
  const names = `${people.length}.${channelNames}.${people}`;
  let previous = null;
  let day = null;
  let newDrawn = false;
  list.forEach((m, index) => {
    const epoch = Number(m.ts);
    const p = parts(epoch);
    if (p.dayNumber !== day && !(thread && index === 0)) {
      if (!thread) {
        const dayText = () => capital(dateToken('day_divider_pretty', epoch));
        items.push({ key: `day-${p.dayNumber}`, sig: `${zone()}`, build: () => h('div', { class: 'day', role: 'separator' }, live('span', { class: 'day-label' }, dayText)) });
      }
      day = p.dayNumber;
      previous = null;
    }
    if (newSince !== null && !newDrawn && epoch > newSince && m.user !== app.me) {
      newDrawn = true;
      if (index) {
        items.push({ key: 'new-line', sig: 'new', build: () => h('div', { class: 'new-line', role: 'separator', 'aria-label': 'New messages' }, h('span', { 'aria-hidden': 'true' }, 'New')) });
        previous = null;
      }
    }
    const pinned = pins.has(m.ts);
    const who = author(m);
    const quiet = QUIET.has(m.subtype) || m.subtype === 'tombstone';
    const compact = !!(previous && !quiet && !m.ephemeral && !pinned && previous.who === `${who.id}${who.name}` && epoch - previous.epoch < 300 && !(thread && index === 1));
    const answers = thread ? [] : replies(here ? here.id : '', m.ts);
    const footer = thread ? null : answers.length ? [answers.length, answers[answers.length - 1].ts, [...new Set(answers.map((r) => author(r).name))]] : m.reply_count ? [m.reply_count, m.latest_reply || m.ts, []] : null;
    items.push({
      key: m.ephemeral ? `e-${m.id}` : m.ts,
      sig: JSON.stringify([m, app.me, zone(), pinned, compact, footer, names, !!thread, isShut(here && here.id), (app.state.shortcuts || []).length,
        app.editing && app.editing.key === `${thread ? 'thread-' : ''}${m.ts}-edit`]),
      build: () => message(m, { here, who, compact, pinned, footer, thread, quiet, answers }),
    });
    if (thread && index === 0) {
      const count = list.length - 1;
      items.push({ key: 'reply-line', sig: String(count), build: () => h('div', { class: 'reply-line', role: 'separator' }, h('span', {}, count ? plural(count, 'reply', 'replies') : 'No replies yet')) });
      previous = null;
    } else previous = quiet || m.ephemeral || pinned || footer ? (m.ephemeral || quiet ? null : { who: footer ? '' : `${who.id}${who.name}`, epoch }) : { who: `${who.id}${who.name}`, epoch };
  });
}

function timeNode(m) {
  const epoch = Number(m.ts);
  return h('time', { class: 'time', datetime: new Date(epoch * 1000).toISOString(), title: fullTime(epoch) }, clock12(parts(epoch)));
}

function message(m, { here, who, compact, pinned, footer, thread, quiet, answers }) {
  const fk = (name) => `${thread ? 'thread-' : ''}${m.ephemeral ? m.id : m.ts}-${name}`;
  const channel = here ? here.id : app.channel;
  const body = h('div', { class: 'message-body' });
  const el = h('div', {
    class: `message${compact ? ' compact' : ''}${pinned ? ' pinned' : ''}${m.ephemeral ? ' ephemeral' : ''}${quiet ? ' quiet' : ''}`,
    data: { ts: m.ephemeral ? m.id : m.ts, testid: m.ephemeral ? 'ephemeral' : 'message', fk: fk('row') },
    role: 'article', tabindex: '-1', 'aria-label': `${who.name}, ${clock12(parts(Number(m.ts)))}`,
  });
  const notes = [];
  if (m.ephemeral) notes.push(h('p', { class: 'note-line' }, icon('eye'), 'Only visible to you'));
  if (pinned) notes.push(h('p', { class: 'note-line pin-line' }, emojiNode('📌'), h('span', {}, 'Pinned')));
  const gutter = h('div', { class: 'gutter' }, compact ? timeNode(m) : authorPicture(who));
  if (!compact) {
    body.append(h('p', { class: 'message-head' }, h('strong', { class: 'author' }, who.name), who.app ? h('span', { class: 'app-badge' }, 'APP') : null, timeNode(m)));
  }
  const ctx = {
    kind: 'message', channel, ts: m.ephemeral ? m.id : m.ts, fk: fk('el'), row: el,
    send: (body_) => act('click', { user: app.me, channel, ts: m.ephemeral ? m.id : m.ts, ...body_ }),
    suggest: (body_) => api('suggest', { user: app.me, channel, ts: m.ephemeral ? m.id : m.ts, ...body_ }),
  };
  const edited = m.edited ? h('span', { class: 'edited', title: m.edited.ts ? fullTime(Number(m.edited.ts)) : '' }, ' (edited)') : null;
  const content = h('div', { class: 'content' });
  // What a person typed comes as text and again as rich text without any markup.
  const hasBlocks = Array.isArray(m.blocks) && m.blocks.length && !(!who.app && typed(m));
  if (hasBlocks) content.append(...blockNodes(m.blocks, ctx));
  else if (m.text) content.append(h('div', { class: 'text' }, mrkdwn(quiet ? spoken(m) : m.text)));
  (m.files || []).forEach((f) => content.append(h('p', { class: 'attachment-footer', data: { file: f.id } }, plain(f.title || f.name), ` | ${f.pretty_type}, ${f.size} bytes`)));
  (m.attachments || []).forEach((a, index) => content.append(attachment(a, { ...ctx, fk: `${ctx.fk}-${index}` })));
  if (edited) {
    const last = content.lastElementChild;
    if (last && last.classList.contains('text') && !last.querySelector(':scope > pre:last-child, :scope > blockquote:last-child')) last.append(edited);
    else content.append(h('p', { class: 'edited-line' }, edited));
  }
  if (app.editing && app.editing.key === fk('edit')) body.append(editor(m, channel, fk('edit')));
  else body.append(content);
  if (m.reactions && m.reactions.length) {
    body.append(h('div', { class: 'reactions', role: 'group', 'aria-label': 'Reactions' }, m.reactions.filter((r) => (r.count || (r.users || []).length)).map((r) => {
      const mine = (r.users || []).includes(app.me);
      return h('button', {
        type: 'button', class: 'reaction', disabled: isShut(channel), 'aria-pressed': String(mine), data: { reaction: r.name, testid: `reaction-${r.name}`, fk: fk(`r-${r.name}`) },
        title: `${(r.users || []).map((id) => nameOf(user(id))).join(', ')} reacted with :${r.name}:`,
        'aria-label': `${r.name.replace(/_/g, ' ')}, ${plural(r.count || r.users.length, 'reaction')}`,
        on: { click: () => react(channel, m.ts, r.name, mine) },
      }, emojiByName(r.name), h('span', {}, String(r.count || r.users.length)));
    })));
  }
  if (footer) {
    body.append(h('button', { type: 'button', class: 'thread-footer', data: { testid: 'thread-footer', fk: fk('footer') }, on: { click: () => openThread(m.ts) } },
      [...new Map(answers.map((r) => [author(r).name, r])).values()].slice(0, 4).map((r) => avatar(author(r).picture, author(r).name, 'avatar mini')),
      h('span', { class: 'thread-count' }, plural(footer[0], 'reply', 'replies')),
      live('span', { class: 'thread-last' }, () => `last reply ${ago(Number(footer[1]))}`)));
  }
  if (m.ephemeral) {
    body.append(h('button', {
      type: 'button', class: 'dismiss', data: { testid: 'dismiss-ephemeral', fk: fk('dismiss') },
      on: { click: () => dismiss(m) },
    }, 'Dismiss message'));
  }
  el.append(put(h('div', { class: 'notes' }), notes), h('div', { class: 'message-row' }, gutter, body));
  if (!m.ephemeral && m.subtype !== 'tombstone') el.append(tools(m, { channel, thread, fk }));
  return el;
}

const typed = (m) => m.blocks.length === 1 && m.blocks[0].type === 'rich_text' && (m.blocks[0].elements || []).length === 1
  && (m.blocks[0].elements[0].elements || []).length === 1 && m.blocks[0].elements[0].elements[0].text === m.text;

/** What Slack says in somebody's name, without saying the name again. */
function spoken(m) {
  const said = m.text.replace(new RegExp(`^<@${m.user}(\\|[^>]*)?>\\s+`), '').replace(/^has (joined|left) the channel/, (_, did) => `${did} ${channelLabel(m.channel || app.channel)}`)
    .replace(/^has renamed/, 'renamed');
  return m.inviter ? `${said}, invited by <@${m.inviter}>` : said;
}

function tools(m, { channel, thread, fk }) {
  const shut = isShut(channel);
  const add = h('button', { type: 'button', class: 'tool', 'aria-label': 'Add reaction', title: 'Add reaction', 'aria-haspopup': 'menu', 'aria-expanded': 'false', data: { testid: 'add-reaction', fk: fk('react') } }, icon('react'));
  add.addEventListener('click', () => pickReaction(add, channel, m));
  const more = h('button', { type: 'button', class: 'tool more', 'aria-label': 'More actions', title: 'More actions', 'aria-haspopup': 'menu', 'aria-expanded': 'false', data: { testid: 'message-menu', fk: fk('menu') } }, icon('more'));
  more.addEventListener('click', () => messageMenu(more, m, channel, fk('edit')));
  return h('div', { class: 'tools', role: 'group', 'aria-label': 'Message actions' }, shut ? null : add,
    thread ? null : h('button', { type: 'button', class: 'tool', 'aria-label': 'Reply in thread', title: 'Reply in thread', data: { testid: 'reply-in-thread', fk: fk('reply') }, on: { click: () => openThread(m.thread_ts || m.ts) } }, icon('thread')),
    more);
}

/** Everything else that can be done with a message; the app's shortcuts have their own part. */
function messageMenu(button, m, channel, editKey) {
  if (openPanel && openPanel.anchor === button) { closePanel(); return; }
  const shut = isShut(channel);
  const own = m.user === app.me && !QUIET.has(m.subtype);
  const item = (testid, label, act_, extra = {}) => h('button', {
    type: 'button', role: 'menuitem', class: `menu-item${extra.danger ? ' danger-item' : ''}${extra.picture ? ' pictured' : ''}`, data: { testid, ...extra.data },
    on: { click: () => { opened.close(true); act_(); } },
  }, extra.picture || null, h('span', {}, label));
  const url = messageLink(m, channel);
  const shortcuts = shortcutsOf('message');
  const items = [
    own && !shut ? item('edit-message', 'Edit message', () => edit(m, editKey)) : null,
    item('copy-link', 'Copy link', () => copyLink(url), { data: { link: url } }),
    (own || (me() && me().is_admin)) && !shut ? item('delete-message', 'Delete message…', () => remove(channel, m), { danger: true }) : null,
    shortcuts.length ? h('div', { role: 'separator', class: 'menu-line' }) : null,
    shortcuts.map((s) => item(`shortcut-${s.callback_id}`, s.name, () => shortcut(s, { channel, ts: m.ts }), { picture: avatar(bot() && bot().picture, botName(), 'avatar mini') })),
  ];
  const opened = panel(button, put(h('div', {}), items), { label: 'More actions', role: 'menu', className: 'menu' });
}
/** As chat.getPermalink gives it. */
function messageLink(m, channel) {
  const base = `https://${app.state.workspace.domain}.slack.com/archives/${channel}/p${m.ts.replace('.', '')}`;
  return m.thread_ts && m.thread_ts !== m.ts ? `${base}?thread_ts=${m.thread_ts}&cid=${channel}` : base;
}
async function copyLink(url) {
  try {
    await navigator.clipboard.writeText(url);
    toast('The link is copied. Paste it into a message.');
  } catch { toast(`The browser does not allow copying. The link is ${url}`); }
}
async function shortcut(s, where = {}) {
  const channel = where.channel || app.channel;
  try {
    const seen = await act('shortcut', { user: app.me, callback_id: s.callback_id, ...where });
    if (seen.error) notice(channel, null, `“${s.name}” failed with the error "${seen.error}"`);
  } catch (error) { toast(error.message); }
}
/** The app's shortcuts that are about no message. */
function globalShortcuts(button) {
  if (openPanel && openPanel.anchor === button) { closePanel(); return; }
  const items = shortcutsOf('global').map((s) => h('button', {
    type: 'button', role: 'menuitem', class: 'menu-item pictured', data: { testid: `shortcut-${s.callback_id}` },
    on: { click: () => { opened.close(true); shortcut(s); } },
  }, avatar(bot() && bot().picture, botName(), 'avatar mini'), h('span', {}, s.name)));
  const opened = panel(button, items, { label: 'Shortcuts', role: 'menu', className: 'menu' });
}

// Changing one's own message in its place

/** A message's text as somebody would have typed it. */
function asTyped(text) {
  return unescapeSlack(String(text).replace(/<@(\w+)(?:\|[^>]*)?>/g, (whole, id) => (user(id) ? `@${user(id).name}` : whole))
    .replace(/<!subteam\^(\w+)(?:\|[^>]*)?>/g, (whole, id) => (groupOf(id) ? `@${groupOf(id).handle}` : whole))
    .replace(/<#(\w+)(?:\|([^>]*))?>/g, (_, id, label) => channelLabel(id) || `#${label}`)
    .replace(/<!(here|channel|everyone)(?:\|[^>]*)?>/g, '@$1')
    .replace(/<((?:https?|mailto):[^|>]+)(?:\|[^>]*)?>/g, '$1'));
}
function edit(m, key) {
  app.editing = { key, text: asTyped(m.text) };
  render();
  const area = document.querySelector(`[data-fk="${CSS.escape(key)}"]`);
  if (area) { area.focus(); area.setSelectionRange(area.value.length, area.value.length); }
}
function editor(m, channel, key) {
  const area = h('textarea', { class: 'field', rows: 2, 'aria-label': 'Edit message', data: { testid: 'edit-input', fk: key }, value: app.editing.text });
  const done = () => {
    app.editing = null;
    render();
    const row = document.querySelector(`[data-fk="${CSS.escape(key.replace(/-edit$/, '-row'))}"]`);
    if (row) row.focus({ preventScroll: true });
  };
  const save = async () => {
    const text = area.value.trim();
    if (!text) { toast('A message cannot be empty; delete it instead.'); return; }
    try {
      await api('edit', { user: app.me, channel, ts: m.ts, text: encoded(text) });
      await refresh();
      done();
    } catch (error) { toast(error.message); }
  };
  area.addEventListener('input', () => { if (app.editing) app.editing.text = area.value; grow(area); });
  area.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) { event.preventDefault(); save(); }
    if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); done(); }
  });
  return h('div', { class: 'editor' }, area, h('div', { class: 'editor-foot' },
    h('button', { type: 'button', class: 'btn small', data: { testid: 'edit-cancel', fk: `${key}-cancel` }, on: { click: done } }, 'Cancel'),
    h('button', { type: 'button', class: 'btn small primary', data: { testid: 'edit-save', fk: `${key}-save` }, on: { click: save } }, 'Save')));
}

/** One tab stop for the whole list; the arrow keys go from message to message. */
function rove(log) {
  const rows = [...log.querySelectorAll(':scope > .message')];
  const current = rows.find((row) => row === document.activeElement) || rows[rows.length - 1];
  for (const row of rows) row.tabIndex = row === current ? 0 : -1;
}
function roveKeys(event) {
  if (!event.target.classList.contains('message')) return;
  const rows = [...event.currentTarget.querySelectorAll(':scope > .message')];
  const at = rows.indexOf(event.target);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to === undefined || !rows[to]) return;
  event.preventDefault();
  for (const row of rows) row.tabIndex = -1;
  rows[to].tabIndex = 0;
  rows[to].focus();
}

const PICKS = ['point_up', '+1', 'eyes', 'white_check_mark', 'fire', 'tada', 'hourglass', 'pushpin'];
function pickReaction(button, channel, m) {
  if (openPanel && openPanel.anchor === button) { closePanel(); return; }
  const opened = panel(button, PICKS.map((name) => h('button', {
    type: 'button', role: 'menuitem', class: 'pick', 'aria-label': name.replace(/_/g, ' '), title: `:${name}:`, data: { reaction: name, testid: `pick-${name}` },
    on: { click: () => { opened.close(true); react(channel, m.ts, name, false); } },
  }, emojiByName(name))), { label: 'Add reaction', role: 'menu', className: 'picker' });
}
async function react(channel, ts, name, taken) {
  const body = { user: app.me, channel, ts, name };
  if (taken) body.remove = true;
  try { await act('react', body); } catch (error) { toast(error.message); }
}
async function remove(channel, m) {
  const sure = await confirmDialog({ title: 'Delete message', text: 'Are you sure you want to delete this message? This cannot be undone.', confirm: 'Delete', deny: 'Cancel', style: 'danger' });
  if (!sure) return;
  try { await act('delete', { user: app.me, channel, ts: m.ts }); } catch (error) { toast(error.message); }
}
function dismiss(m) {
  // With the time, because a sandbox that is started anew may give out the same ids again.
  app.dismissed.add(`${m.id}/${m.ts}`);
  app.notices = app.notices.filter((n) => n.id !== m.id);
  store('dismissed', JSON.stringify([...app.dismissed].slice(-500)));
  render();
  const rows = byId(app.thread && byId('thread').contains(document.activeElement) ? 'thread-log' : 'log').querySelectorAll(':scope > .message');
  if (rows.length) rows[rows.length - 1].focus({ preventScroll: true });
}
/** A line from Slack itself that only the acting user sees, e.g. that a command failed. */
function notice(channel, thread, text) {
  app.notices.push({ id: uid(`notice-${Date.now()}`), notice: true, user: app.me, channel, thread_ts: thread || undefined, ts: String(now()), text });
  app.atBottom = true;
  render();
}

// Attachments

const COLORS = { good: '#2eb67d', warning: '#ecb22e', danger: '#e01e5a' };
function attachment(a, ctx) {
  const box = h('div', { class: 'attachment' });
  const raw = COLORS[a.color] || (a.color ? (/^[0-9a-f]{3,8}$/i.test(a.color) ? `#${a.color}` : a.color) : '');
  const bar = h('div', { class: 'attachment-bar', data: { color: a.color || null } });
  if (raw) bar.style.backgroundColor = raw;
  const body = h('div', { class: 'attachment-body' });
  if (a.author_name) body.append(h('p', { class: 'attachment-author' }, a.author_link ? link(a.author_link, a.author_name) : a.author_name));
  if (a.title) body.append(h('p', { class: 'attachment-title' }, a.title_link ? link(a.title_link, unescapeSlack(a.title)) : plain(a.title)));
  if (a.text) body.append(h('div', { class: 'text' }, mrkdwn(a.text)));
  if (a.fields && a.fields.length) {
    body.append(h('div', { class: 'fields' }, a.fields.map((f) => h('div', { class: f.short ? 'field-cell' : 'field-cell full' }, h('strong', {}, plain(f.title)), h('div', {}, mrkdwn(f.value))))));
  }
  if (Array.isArray(a.blocks)) body.append(...blockNodes(a.blocks, ctx));
  if (a.image_url) body.append(h('img', { class: 'image', src: a.image_url, alt: a.fallback || '' }));
  if (a.footer) body.append(h('p', { class: 'attachment-footer' }, plain(a.footer), a.ts ? ` | ${dateFormat('{date_short_pretty} at {time}', Number(a.ts))}` : ''));
  if (!body.childNodes.length && a.fallback) body.append(h('div', { class: 'text' }, plain(a.fallback)));
  box.append(bar, body);
  return a.pretext ? h('div', {}, h('div', { class: 'text' }, mrkdwn(a.pretext)), box) : box;
}

// ---------------------------------------------------------------------------------------------
// Block Kit

function blockNodes(blocks, ctx) {
  return blocks.map((block, index) => {
    const el = blockNode(block, { ...ctx, block, blockId: block.block_id || `block-${index}` });
    el.dataset.blockId = block.block_id || '';
    return el;
  });
}

function blockNode(block, ctx) {
  switch (block.type) {
    case 'section': {
      const main = h('div', { class: 'section-main' });
      let textId;
      if (block.text) {
        textId = uid('text');
        main.append(h('div', { class: 'text', id: textId }, textObject(block.text)));
      }
      if (block.fields) main.append(h('div', { class: 'fields' }, block.fields.map((f) => h('div', { class: 'field-cell text' }, textObject(f)))));
      const box = h('div', { class: `block section${block.accessory ? ' with-accessory' : ''}${block.accessory && block.accessory.type === 'image' ? ' with-image' : ''}` }, main);
      if (block.accessory) box.append(h('div', { class: 'accessory' }, element(block.accessory, { ...ctx, labelledby: textId }).node));
      return box;
    }
    case 'header': return h('h3', { class: 'block header' }, textObject(block.text));
    case 'divider': return h('hr', { class: 'block divider' });
    case 'context':
      return h('div', { class: 'block context' }, (block.elements || []).map((item) => (item.type === 'image'
        ? h('img', { class: 'context-image', src: item.image_url || '', alt: item.alt_text || '' })
        : h('div', { class: 'context-text' }, textObject(item)))));
    case 'actions':
      return h('div', { class: 'block actions' }, (block.elements || []).map((item) => element(item, ctx).node));
    case 'image':
      return h('figure', { class: 'block image-block' }, block.title ? h('figcaption', {}, textObject(block.title)) : null,
        h('img', { class: 'image', src: block.image_url || '', alt: block.alt_text || '' }));
    case 'input': return inputBlock(block, ctx);
    case 'rich_text': return h('div', { class: 'block rich' }, (block.elements || []).map(richBlock));
    case 'markdown': return h('div', { class: 'block text' }, plain(block.text));
    default: return h('p', { class: 'block unknown' }, `This page cannot show a block of the type “${block.type}”.`);
  }
}

function richBlock(item) {
  switch (item.type) {
    case 'rich_text_list': {
      const list = h(item.style === 'ordered' ? 'ol' : 'ul', { class: `rich-list indent-${Math.min(item.indent || 0, 6)}` }, (item.elements || []).map((row) => h('li', {}, (row.elements || []).map(richInline))));
      if (item.style === 'ordered' && item.offset) list.start = item.offset + 1;
      return list;
    }
    case 'rich_text_preformatted': return h('pre', { class: 'codeblock' }, (item.elements || []).map((e) => e.text || e.url || ''));
    case 'rich_text_quote': return h('blockquote', { class: 'quote' }, (item.elements || []).map(richInline));
    default: return h('div', { class: 'text rich-section' }, (item.elements || []).map(richInline));
  }
}
function richInline(item) {
  let node;
  switch (item.type) {
    case 'text': {
      node = h('span', { class: 'pre-line' });
      appendText(node, item.text || '');
      break;
    }
    case 'link': node = link(item.url, item.text || item.url); break;
    case 'user': node = userMention(item.user_id); break;
    case 'channel': node = channelMention(item.channel_id); break;
    case 'usergroup': node = groupMention(item.usergroup_id, ''); break;
    case 'broadcast': node = h('span', { class: 'mention mention-me' }, `@${item.range}`); break;
    case 'emoji': node = emojiByName(item.name); break;
    case 'date': node = dateNode(item.timestamp, item.format || '{date} {time}', item.url, item.fallback, false); break;
    case 'color': node = h('code', { class: 'code' }, item.value); break;
    default: node = document.createTextNode(item.text || '');
  }
  const style = item.style || {};
  if (style.code) node = h('code', { class: 'code' }, node);
  if (style.strike) node = h('s', {}, node);
  if (style.italic) node = h('em', {}, node);
  if (style.bold) node = h('strong', {}, node);
  return node;
}

function inputBlock(block, ctx) {
  const spec = block.element || {};
  const labelId = uid('label');
  const hintId = block.hint ? uid('hint') : null;
  const errorId = uid('error');
  const inputId = uid('input');
  const group = spec.type === 'radio_buttons' || spec.type === 'checkboxes';
  const made = element(spec, { ...ctx, inInput: true, optional: !!block.optional, dispatch: !!block.dispatch_action, inputId, labelledby: labelId, describedby: [hintId, errorId].filter(Boolean).join(' ') });
  const labelText = [textObject(block.label), block.optional ? h('span', { class: 'optional' }, ' (optional)') : null];
  const label = group ? h('div', { class: 'label', id: labelId }, labelText) : h('label', { class: 'label', id: labelId, for: inputId }, labelText);
  const error = h('p', { class: 'field-error', id: errorId, hidden: true });
  const box = h('div', { class: 'block input' }, label, made.node, error, block.hint ? h('p', { class: 'hint', id: hintId }, textObject(block.hint)) : null);
  const touched = () => { if (ctx.touched) ctx.touched(block.block_id); };
  box.addEventListener('input', touched);
  box.addEventListener('change', touched);
  if (made.field) {
    made.field.dispatches = !!block.dispatch_action;
    made.field.told = JSON.stringify(made.field.get());
    made.field.setError = (text) => {
      error.hidden = !text;
      error.textContent = text || '';
      box.classList.toggle('wrong', !!text);
      const target = made.field.focusable();
      if (target) {
        if (text) target.setAttribute('aria-invalid', 'true');
        else target.removeAttribute('aria-invalid');
      }
    };
  }
  return box;
}

/** A dialog of Block Kit's `confirm`, or of the page itself: true when the person agrees. */
function confirmDialog(spec) {
  return new Promise((resolve) => {
    const opener = document.activeElement;
    const key = opener && opener.dataset ? opener.dataset.fk : null;
    const titleId = uid('confirm');
    const textId = uid('confirm-text');
    let answered = false;
    const dialog = h('dialog', { class: 'dialog confirm', role: 'alertdialog', 'aria-modal': 'true', 'aria-labelledby': titleId, 'aria-describedby': textId, data: { testid: 'confirm' } });
    const done = (answer) => {
      if (answered) return;
      answered = true;
      dialog.close();
      dialog.remove();
      const target = opener && opener.isConnected ? opener : key && document.querySelector(`[data-fk="${CSS.escape(key)}"]`);
      if (target) target.focus({ preventScroll: true });
      resolve(answer);
    };
    const yes = h('button', { type: 'button', class: `btn ${spec.style === 'danger' ? 'danger' : 'primary'}`, data: { testid: 'confirm-yes' }, on: { click: () => done(true) } }, textObject(spec.confirm || 'Yes'));
    const no = h('button', { type: 'button', class: 'btn', data: { testid: 'confirm-no' }, on: { click: () => done(false) } }, textObject(spec.deny || 'Cancel'));
    dialog.append(h('div', { class: 'dialog-box small' },
      h('div', { class: 'dialog-head' }, h('h2', { id: titleId }, textObject(spec.title || 'Are you sure?')),
        h('button', { type: 'button', class: 'icon-btn', 'aria-label': 'Close', on: { click: () => done(false) } }, icon('close'))),
      h('div', { class: 'dialog-body', id: textId }, textObject(spec.text || '')),
      h('div', { class: 'dialog-foot' }, no, yes)));
    dialogKeys(dialog, () => done(false));
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}
/** Escape closes; Tab stays inside. */
function dialogKeys(dialog, close) {
  dialog.addEventListener('cancel', (event) => { event.preventDefault(); close(); });
  dialog.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.defaultPrevented) { event.preventDefault(); event.stopPropagation(); close(); return; }
    if (event.key !== 'Tab' || event.defaultPrevented) return;
    const items = [...dialog.querySelectorAll('button, a[href], input, select, textarea, [tabindex="0"]')].filter((el) => !el.disabled && el.tabIndex >= 0 && el.getClientRects().length);
    if (!items.length) return;
    const first = items[0];
    const last = items[items.length - 1];
    if (event.shiftKey && document.activeElement === first) { event.preventDefault(); last.focus(); }
    else if (!event.shiftKey && document.activeElement === last) { event.preventDefault(); first.focus(); }
  });
}

// ---------------------------------------------------------------------------------------------
// Elements. `element` answers {node, field?}; a field knows its value, how to take one over from
// an earlier drawing of itself, and what is wrong with it before it is sent.

const optionValue = (option) => (option ? option.value : null);
const toItem = (option) => ({ option, value: option.value, label: words(option.text), text: option.text, description: option.description ? words(option.description) : '' });
const userItem = (u) => ({ value: u.id, label: u.is_bot ? capital(nameOf(u)) : nameOf(u), description: `@${u.name}`, picture: u.picture || null, person: true });
const channelItem = (c) => ({ value: c.id, label: `#${c.name}`, description: c.is_archived ? 'archived' : '' });

async function fire(spec, ctx, button, body) {
  if (button && button.getAttribute('aria-busy') === 'true') return;
  if (spec.confirm && !(await confirmDialog(spec.confirm))) return;
  if (button) { button.setAttribute('aria-busy', 'true'); button.classList.add('busy'); }
  try {
    const seen = await ctx.send({ block_id: ctx.block.block_id, action_id: spec.action_id, ...body });
    if (seen.error) trouble(ctx, worded(seen.error, 'That did not work.'));
  } catch (error) {
    trouble(ctx, error.message);
  } finally {
    if (button) { button.removeAttribute('aria-busy'); button.classList.remove('busy'); }
  }
}
/** An error of the server: a sentence as it is, a code behind a sentence. */
const worded = (error, sentence) => (/\s/.test(error) ? error : `${sentence} (${error})`);
function trouble(ctx, text) {
  if (ctx.trouble) ctx.trouble(text);
  else toast(text);
}

function element(spec, ctx) {
  const data = { actionId: spec.action_id || '', fk: `${ctx.fk}-${ctx.block.block_id || ''}-${spec.action_id || ''}` };
  const common = { data, 'aria-labelledby': ctx.labelledby, 'aria-describedby': ctx.describedby || null };
  const dispatches = !ctx.inInput || ctx.dispatch;
  switch (spec.type) {
    case 'button': case 'workflow_button': return buttonElement(spec, ctx, data);
    case 'image': return { node: h('img', { class: 'accessory-image', src: spec.image_url || '', alt: spec.alt_text || '' }) };
    case 'overflow': return overflowElement(spec, ctx, data);
    case 'plain_text_input': case 'email_text_input': case 'url_text_input': case 'number_input': case 'rich_text_input':
      return textElement(spec, ctx, common);
    case 'datepicker': case 'timepicker': case 'datetimepicker': return dateElement(spec, ctx, common, dispatches);
    case 'radio_buttons': case 'checkboxes': return choiceElement(spec, ctx, data, dispatches);
    case 'static_select': case 'external_select': case 'users_select': case 'channels_select': case 'conversations_select':
    case 'multi_static_select': case 'multi_external_select': case 'multi_users_select': case 'multi_channels_select': case 'multi_conversations_select':
      return selectElement(spec, ctx, data, dispatches);
    default: return { node: h('p', { class: 'unknown' }, `This page cannot show an element of the type “${spec.type}”.`) };
  }
}

function buttonElement(spec, ctx, data) {
  const style = `btn${spec.style === 'primary' ? ' primary' : spec.style === 'danger' ? ' danger' : ''}${ctx.kind === 'message' ? ' in-message' : ''}`;
  const body = () => ({ value: spec.value });
  if (spec.url && safeUrl(spec.url)) {
    const inside = permalink(spec.url);
    const a = h('a', { class: style, href: spec.url, target: '_blank', rel: 'noopener noreferrer', data, 'aria-label': spec.accessibility_label }, textObject(spec.text));
    if (inside) a.addEventListener('click', (event) => { event.preventDefault(); visit(inside); });
    a.addEventListener('click', () => { if (spec.action_id) fire({ ...spec, confirm: null }, ctx, null, body()); });
    return { node: a };
  }
  const button = h('button', { type: 'button', class: style, data, 'aria-label': spec.accessibility_label }, h('span', { class: 'btn-text' }, textObject(spec.text)));
  button.addEventListener('click', () => fire(spec, ctx, button, body()));
  return { node: button };
}

function overflowElement(spec, ctx, data) {
  const button = h('button', { type: 'button', class: 'btn in-message overflow', data, 'aria-label': 'More actions', 'aria-haspopup': 'menu', 'aria-expanded': 'false' }, '•••');
  button.addEventListener('click', () => {
    if (openPanel && openPanel.anchor === button) { closePanel(); return; }
    const opened = panel(button, (spec.options || []).map((option) => {
      const choose_ = () => { opened.close(true); fire(spec, ctx, button, { selected: option.value }); };
      if (option.url && safeUrl(option.url)) {
        const inside = permalink(option.url);
        const follow_ = (event) => { if (inside) { event.preventDefault(); visit(inside); } choose_(); };
        return h('a', { class: 'menu-item', role: 'menuitem', href: option.url, target: '_blank', rel: 'noopener noreferrer', on: { click: follow_ } }, textObject(option.text));
      }
      return h('button', { type: 'button', class: 'menu-item', role: 'menuitem', data: { value: option.value }, on: { click: choose_ } }, textObject(option.text), option.description ? h('small', {}, textObject(option.description)) : null);
    }), { label: 'More actions', role: 'menu', className: 'menu' });
  });
  return { node: button };
}

function textElement(spec, ctx, common) {
  const multi = !!spec.multiline || spec.type === 'rich_text_input';
  const max = spec.max_length || (spec.type === 'plain_text_input' ? 3000 : 0);
  const types = { email_text_input: 'email', url_text_input: 'url' };
  const input = h(multi ? 'textarea' : 'input', {
    ...common, class: 'field', id: ctx.inputId || uid('input'), placeholder: spec.placeholder ? words(spec.placeholder) : null,
    type: multi ? null : types[spec.type] || 'text', inputmode: spec.type === 'number_input' ? 'decimal' : null, rows: multi ? 4 : null, autocomplete: 'off',
    'aria-required': ctx.optional ? null : 'true', value: spec.initial_value === undefined ? '' : String(spec.initial_value),
  });
  const counter = h('span', { class: 'counter', 'aria-live': 'polite', hidden: true });
  const count = () => {
    const left = max - input.value.length;
    counter.hidden = !max || left > Math.max(20, Math.min(100, max * 0.1));
    const text = left < 0 ? `${-left} too many` : `${left} left`;
    if (!counter.hidden && counter.textContent !== text) counter.textContent = text;
    counter.classList.toggle('over', left < 0);
  };
  input.addEventListener('input', count);
  count();
  if (ctx.dispatch || !ctx.inInput) {
    const on = (spec.dispatch_action_config && spec.dispatch_action_config.trigger_actions_on) || ['on_enter_pressed'];
    const send = () => fire(spec, ctx, null, { value: input.value, selected: input.value });
    let timer;
    if (on.includes('on_enter_pressed')) {
      input.addEventListener('keydown', (event) => { if (event.key === 'Enter' && !event.isComposing && !(multi && event.shiftKey)) { event.preventDefault(); send(); } });
    }
    if (on.includes('on_character_entered')) input.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(send, 500); });
  }
  const field = {
    blockId: ctx.block.block_id, actionId: spec.action_id, type: spec.type, optional: ctx.optional,
    get: () => (input.value === '' ? null : input.value),
    keep: () => input.value,
    take: (value) => { input.value = value === null || value === undefined ? '' : value; count(); },
    preset: (value) => { if (typeof value === 'string') { input.value = value; count(); } },
    focusable: () => input,
    check: () => {
      const value = input.value;
      if (!value.trim()) return ctx.optional ? null : 'Please complete this required field.';
      if (max && value.length > max) return `This is ${plural(value.length - max, 'character')} too long; ${max} fit.`;
      if (spec.min_length && value.length < spec.min_length) return `Please write at least ${plural(spec.min_length, 'character')}.`;
      if (spec.type === 'email_text_input' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value.trim())) return 'Please enter a valid email address.';
      if (spec.type === 'url_text_input' && !/^https?:\/\/\S+$/i.test(value.trim())) return 'Please enter a valid URL, with http:// or https://.';
      if (spec.type === 'number_input') {
        const number = Number(value.trim());
        if (!Number.isFinite(number)) return 'Please enter a number.';
        if (!spec.is_decimal_allowed && !Number.isInteger(number)) return 'Please enter a whole number.';
        if (spec.min_value !== undefined && number < Number(spec.min_value)) return `Please enter ${spec.min_value} or more.`;
        if (spec.max_value !== undefined && number > Number(spec.max_value)) return `Please enter ${spec.max_value} or less.`;
      }
      return null;
    },
  };
  register(ctx, field);
  return { node: h('div', { class: 'field-wrap' }, input, counter), field };
}
function register(ctx, field) { if (ctx.fields) ctx.fields.push(field); }

function dateElement(spec, ctx, common, dispatches) {
  const type = { datepicker: 'date', timepicker: 'time', datetimepicker: 'datetime-local' }[spec.type];
  const tz = zone();
  const fromEpoch = (epoch) => {
    const p = parts(Number(epoch), tz);
    return `${p.year}-${two(p.month)}-${two(p.day)}T${two(p.hour)}:${two(p.minute)}`;
  };
  const initial = { datepicker: spec.initial_date, timepicker: spec.initial_time, datetimepicker: spec.initial_date_time ? fromEpoch(spec.initial_date_time) : '' }[spec.type] || '';
  const zoneId = uid('zone');
  const noteText = spec.type === 'datepicker' ? null : spec.timezone ? zoneLabel(spec.timezone) : zoneLabel(tz);
  const input = h('input', {
    ...common, class: 'field date-field', id: ctx.inputId || uid('input'), type, value: initial, 'aria-required': ctx.inInput && !ctx.optional ? 'true' : null,
    'aria-describedby': [ctx.describedby, noteText ? zoneId : null].filter(Boolean).join(' ') || null,
    'aria-label': ctx.labelledby ? null : words(spec.placeholder || 'Date'),
  });
  const value = () => {
    if (!input.value) return null;
    if (spec.type !== 'datetimepicker') return input.value.slice(0, spec.type === 'timepicker' ? 5 : 10);
    const [year, month, day, hour, minute] = input.value.split(/[-T:]/).map(Number);
    return String(epochOf(year, month, day, hour, minute, tz));
  };
  if (dispatches) input.addEventListener('change', () => { if (value()) fire(spec, ctx, null, { selected: value() }); });
  const field = {
    blockId: ctx.block.block_id, actionId: spec.action_id, type: spec.type, optional: ctx.optional,
    get: value, keep: () => input.value, take: (kept) => { input.value = kept; },
    preset: (kept) => { if (typeof kept === 'string' && kept) input.value = spec.type === 'datetimepicker' ? fromEpoch(kept) : kept; },
    focusable: () => input,
    check: () => {
      if (input.validity && input.validity.badInput) return 'Please complete the date and time.';
      return !ctx.optional && ctx.inInput && !input.value ? 'Please complete this required field.' : null;
    },
  };
  register(ctx, field);
  return { node: h('div', { class: 'field-wrap' }, input, noteText ? h('p', { class: 'zone', id: zoneId }, noteText) : null), field };
}

function choiceElement(spec, ctx, data, dispatches) {
  const radio = spec.type === 'radio_buttons';
  const name = uid('choice');
  const chosen = new Set((radio ? [spec.initial_option] : spec.initial_options || []).filter(Boolean).map(optionValue));
  const inputs = [];
  const group = h('div', { class: 'choices', role: radio ? 'radiogroup' : 'group', 'aria-labelledby': ctx.labelledby, 'aria-describedby': ctx.describedby || null, 'aria-required': radio && ctx.inInput && !ctx.optional ? 'true' : null, data: { actionId: data.actionId } });
  (spec.options || []).forEach((option, index) => {
    const id = uid('option');
    const describe = option.description ? uid('describe') : null;
    const input = h('input', { type: radio ? 'radio' : 'checkbox', name, id, 'aria-describedby': describe, data: { value: option.value, fk: `${data.fk}-${index}` } });
    input.checked = chosen.has(option.value);
    input.optionValue = option.value;
    inputs.push(input);
    group.append(h('div', { class: 'choice' }, input, h('label', { for: id }, textObject(option.text), option.description ? h('span', { class: 'choice-note', id: describe }, textObject(option.description)) : null)));
  });
  const all = () => inputs.filter((input) => input.checked).map((input) => input.optionValue);
  const value = () => (radio ? all()[0] || null : all());
  if (dispatches) group.addEventListener('change', () => fire(spec, ctx, null, { selected: value() }));
  const set = (values) => { for (const input of inputs) input.checked = values.includes(input.optionValue); };
  const field = {
    blockId: ctx.block.block_id, actionId: spec.action_id, type: spec.type, optional: ctx.optional,
    get: value, keep: all, take: set,
    preset: (kept) => { if (kept !== null && kept !== undefined) set([].concat(kept)); },
    focusable: () => inputs.find((input) => input.checked) || inputs[0],
    check: () => (!ctx.optional && ctx.inInput && !all().length ? 'Please complete this required field.' : null),
  };
  register(ctx, field);
  return { node: group, field };
}

function selectElement(spec, ctx, data, dispatches) {
  const multi = spec.type.startsWith('multi_');
  const kind = spec.type.replace(/^multi_/, '').replace(/_select$/, '');
  let groups = null;
  let load = null;
  let initial = [];
  const conversations = () => {
    const filter = spec.filter || {};
    const include = filter.include || ['public', 'private', 'im'];
    const list = include.some((w) => w === 'public' || w === 'private') || kind === 'channels' ? visibleChannels().filter((c) => !c.is_archived).map(channelItem) : [];
    // The only direct messages here are those with the app.
    const dm = (app.state.dms || []).find((d) => d.user === app.me);
    if (kind === 'conversations' && include.includes('im') && dm && !filter.exclude_bot_users) list.push({ value: dm.id, label: botName(), description: 'direct message', picture: bot() && bot().picture, person: true });
    return list;
  };
  if (kind === 'static') {
    groups = spec.option_groups
      ? spec.option_groups.map((g) => ({ label: words(g.label), items: (g.options || []).map(toItem) }))
      : [{ label: '', items: (spec.options || []).map(toItem) }];
    initial = (multi ? spec.initial_options || [] : [spec.initial_option].filter(Boolean)).map(toItem);
  } else if (kind === 'external') {
    initial = (multi ? spec.initial_options || [] : [spec.initial_option].filter(Boolean)).map(toItem);
    load = async (query) => {
      const answer = await ctx.suggest({ block_id: ctx.block.block_id, action_id: spec.action_id, query });
      const seen = answer.seen || {};
      if (seen.error) throw new Refused(worded(seen.error, 'The options could not be loaded.'));
      const list = seen.options || seen.option_groups || [];
      const grouped = Array.isArray(list) ? list : list.option_groups || list.options || [];
      if (grouped.length && grouped[0].options) return grouped.map((g) => ({ label: words(g.label), items: g.options.map(toItem) }));
      return [{ label: '', items: grouped.map(toItem) }];
    };
  } else if (kind === 'users') {
    // Slack offers apps, too: there is no filter for them in this menu.
    groups = [{ label: '', items: [...humans(), ...[bot()].filter(Boolean)].map(userItem) }];
    initial = (multi ? spec.initial_users || [] : [spec.initial_user].filter(Boolean)).map((id) => user(id)).filter(Boolean).map(userItem);
  } else {
    groups = [{ label: '', items: conversations() }];
    let ids = multi ? spec.initial_channels || spec.initial_conversations || [] : [spec.initial_channel || spec.initial_conversation].filter(Boolean);
    if (!ids.length && spec.default_to_current_conversation && app.channels.has(app.channel)) ids = [app.channel];
    initial = ids.map((id) => app.channels.get(id)).filter(Boolean).map(channelItem);
  }
  const combo = makeCombo({
    id: ctx.inputId || uid('input'), data, labelledby: ctx.labelledby, label: words(spec.placeholder || 'Choose an option'), describedby: ctx.describedby,
    placeholder: words(spec.placeholder || 'Choose an option'), multi, max: spec.max_selected_items || 0, groups, load,
    minQuery: spec.min_query_length === undefined ? 3 : spec.min_query_length, initial, required: ctx.inInput && !ctx.optional,
    clearable: ctx.inInput, onChange: () => { if (dispatches && (multi || combo.get() !== null)) fire(spec, ctx, null, { selected: get() }); },
  });
  // Only the page saw the options an app offered as somebody typed: those go back whole.
  const get = () => {
    if (kind !== 'external') return combo.get();
    const options = combo.items().map((item) => item.option);
    return multi ? options : options[0] || null;
  };
  const field = {
    blockId: ctx.block.block_id, actionId: spec.action_id, type: spec.type, optional: ctx.optional,
    get, keep: combo.items, take: combo.set,
    preset: (kept) => {
      if (kept === null || kept === undefined) return;
      const known = [...initial, ...(groups || []).flatMap((g) => g.items)];
      const items = [].concat(kept).map((value) => known.find((item) => item.value === value)).filter(Boolean);
      if (items.length || (Array.isArray(kept) && !kept.length)) combo.set(items);
    },
    focusable: () => combo.input,
    check: () => (!ctx.optional && ctx.inInput && !combo.items().length ? 'Please complete this required field.' : null),
  };
  register(ctx, field);
  return { node: combo.node, field };
}

/** A text field with a list: the choice of one or several among options, filtered or asked for as
 *  one types. */
function makeCombo({ id, data, labelledby, label, describedby, placeholder, multi, max, groups, load, minQuery, initial, required, clearable, onChange }) {
  let chosen = [...initial];
  let shown = [];
  let active = -1;
  let list = null;
  let timer = null;
  let asked = 0;
  const listId = uid('list');
  const input = h('input', {
    type: 'text', id, class: 'combo-input', role: 'combobox', 'aria-expanded': 'false', 'aria-controls': listId, 'aria-autocomplete': 'list', 'aria-haspopup': 'listbox',
    'aria-labelledby': labelledby || null, 'aria-label': labelledby ? null : label, 'aria-describedby': describedby || null, 'aria-required': required ? 'true' : null,
    autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', data,
  });
  const status = h('span', { class: 'sr-only', role: 'status' });
  const chips = h('span', { class: 'chips' });
  const clear = h('button', { type: 'button', class: 'combo-clear', 'aria-label': 'Clear the choice', tabindex: '-1', hidden: true }, icon('close'));
  const arrow = h('span', { class: 'combo-arrow', 'aria-hidden': 'true' }, icon('chevron'));
  const box = h('div', { class: `combo${multi ? ' multi' : ''}` }, chips, input, clear, arrow, status);
  const note = h('p', { class: 'choice-note combo-note', hidden: true });
  const node = h('div', { class: 'field-wrap' }, box, note);

  function draw() {
    input.placeholder = multi && chosen.length ? '' : placeholder;
    if (multi) {
      chips.replaceChildren(...chosen.map((item) => h('span', { class: 'chip', data: { value: item.value } }, item.label,
        h('button', { type: 'button', 'aria-label': `Remove ${item.label}`, on: { click: () => { chosen = chosen.filter((c) => c !== item); draw(); input.focus(); onChange(); } } }, icon('close')))));
    } else if (document.activeElement !== input || !list) input.value = chosen.length ? chosen[0].label : '';
    input.dataset.selected = chosen.map((c) => c.value).join(',');
    clear.hidden = multi || !clearable || required || !chosen.length;
    const description = !multi && chosen.length && !chosen[0].person ? chosen[0].description : '';
    note.hidden = !description;
    note.textContent = description || '';
  }
  function open() {
    if (list) return;
    list = h('div', { class: 'listbox', id: listId, role: 'listbox', 'aria-label': label, 'aria-multiselectable': multi ? 'true' : null });
    list.addEventListener('mousedown', (event) => event.preventDefault());
    (box.closest('dialog') || document.body).append(list);
    input.setAttribute('aria-expanded', 'true');
    window.addEventListener('resize', shut);
    document.addEventListener('scroll', scrolled, true);
    search('', true);
  }
  function scrolled(event) { if (list && !list.contains(event.target)) placeAt(list, box, true); }
  function shut() {
    if (!list) return;
    list.remove();
    list = null;
    active = -1;
    clearTimeout(timer);
    asked += 1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
    window.removeEventListener('resize', shut);
    document.removeEventListener('scroll', scrolled, true);
  }
  function message(text) {
    shown = [];
    active = -1;
    if (!list) return;
    list.replaceChildren(h('p', { class: 'listbox-note' }, text));
    input.removeAttribute('aria-activedescendant');
    status.textContent = text;
    placeAt(list, box, true);
  }
  function search(query, fresh) {
    clearTimeout(timer);
    asked += 1;
    const mine = asked;
    if (!load) {
      const low = query.trim().toLowerCase();
      show(groups.map((g) => ({ label: g.label, items: g.items.filter((item) => !low || `${item.label} ${item.description}`.toLowerCase().includes(low)) })), low ? 'Nothing matches.' : 'There are no options.');
      return;
    }
    if (query.trim().length < minQuery) {
      message(`Type at least ${plural(minQuery, 'character')} to search.`);
      return;
    }
    if (!shown.length) message('Searching…');
    timer = setTimeout(async () => {
      try {
        const found = await load(query);
        if (mine === asked && list) show(found, 'Nothing was found.');
      } catch (error) {
        if (mine === asked && list) message(error.message);
      }
    }, fresh ? 0 : 250);
  }
  function show(found, none) {
    shown = found.flatMap((g) => g.items);
    if (!shown.length) { message(none); return; }
    let index = 0;
    const values = new Set(chosen.map((c) => c.value));
    list.replaceChildren(...found.filter((g) => g.items.length).map((g) => {
      const options = g.items.map((item) => {
        const at = index++;
        const el = h('div', {
          class: 'option', role: 'option', id: `${listId}-${at}`, 'aria-selected': String(values.has(item.value)), data: { value: item.value },
          on: { click: () => pick(at), mousemove: () => mark(at, true) },
        }, item.picture ? avatar(item.picture, item.label, 'avatar tiny') : null,
        h('span', { class: 'option-text' }, h('span', {}, item.text ? textObject(item.text) : item.label), item.description ? h('small', {}, item.description) : null),
        values.has(item.value) ? h('span', { class: 'option-check', 'aria-hidden': 'true' }, '✓') : null);
        return el;
      });
      if (!g.label) return options;
      const groupId = uid('group');
      return [h('div', { role: 'group', 'aria-labelledby': groupId, class: 'option-group' }, h('div', { class: 'option-title', id: groupId }, g.label), options)];
    }).flat());
    status.textContent = plural(shown.length, 'option');
    placeAt(list, box, true);
    const selectedAt = shown.findIndex((item) => values.has(item.value));
    mark(!multi && selectedAt >= 0 ? selectedAt : 0);
  }
  function mark(at, byMouse) {
    if (!list) return;
    const old = list.querySelector('.option.active');
    if (old) old.classList.remove('active');
    active = at;
    const el = byId(`${listId}-${at}`);
    if (!el) return;
    el.classList.add('active');
    input.setAttribute('aria-activedescendant', el.id);
    if (!byMouse) el.scrollIntoView({ block: 'nearest' });
  }
  function pick(at) {
    const item = shown[at];
    if (!item) return;
    if (multi) {
      const has = chosen.find((c) => c.value === item.value);
      if (has) chosen = chosen.filter((c) => c !== has);
      else if (!max || chosen.length < max) chosen = [...chosen, item];
      else { status.textContent = `At most ${max} can be chosen.`; return; }
      input.value = '';
      shut();
      draw();
    } else {
      chosen = [item];
      shut();
      draw();
      input.value = item.label;
    }
    dirty = false;
    input.dispatchEvent(new Event('change', { bubbles: true }));
    onChange();
  }
  let dirty = false;
  input.addEventListener('input', () => {
    dirty = true;
    if (!list) open();
    search(input.value);
  });
  input.addEventListener('click', () => { if (list) shut(); else { input.select(); open(); } });
  arrow.addEventListener('mousedown', (event) => { event.preventDefault(); input.focus(); if (list) shut(); else open(); });
  box.addEventListener('mousedown', (event) => { if (event.target === box || event.target === chips) { event.preventDefault(); input.focus(); open(); } });
  clear.addEventListener('click', () => { chosen = []; shut(); draw(); input.value = ''; input.focus(); });
  input.addEventListener('blur', () => {
    shut();
    if (!multi && dirty && !input.value.trim() && !required) chosen = [];
    dirty = false;
    if (multi) input.value = '';
    draw();
  });
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!list) open();
      else if (shown.length) mark((active + (event.key === 'ArrowDown' ? 1 : -1) + shown.length) % shown.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (list && active >= 0) pick(active);
      else if (!list) open();
    } else if (event.key === 'Escape' && list) {
      event.preventDefault();
      event.stopPropagation();
      shut();
      dirty = false;
      if (multi) input.value = '';
      draw();
      if (!multi) input.value = chosen.length ? chosen[0].label : '';
    } else if (event.key === 'Backspace' && multi && !input.value && chosen.length) {
      chosen = chosen.slice(0, -1);
      draw();
      onChange();
    }
  });
  draw();
  return {
    node, input,
    get: () => (multi ? chosen.map((c) => c.value) : chosen.length ? chosen[0].value : null),
    items: () => chosen,
    set: (items) => { chosen = [...items]; draw(); },
  };
}

// ---------------------------------------------------------------------------------------------
// Modals: one live <dialog> per view; only the top one of the acting user is open.

const views = new Map();
let openView = null;
let returnFocus = null;

function drawViews() {
  const stack = (app.state.views && app.state.views[app.me]) || [];
  const alive = new Set(Object.values(app.state.views || {}).flat().map((v) => v.id));
  for (const [id, entry] of views) {
    if (!alive.has(id)) {
      shutView(entry);
      views.delete(id);
    }
  }
  const top = stack.length ? stack[stack.length - 1] : null;
  if (openView && (!top || top.id !== openView.id)) shutView(openView);
  if (!top) {
    if (returnFocus) {
      const { element: el, key } = returnFocus;
      returnFocus = null;
      const target = el && el.isConnected && el !== document.body ? el : (key && document.querySelector(`[data-fk="${CSS.escape(key)}"]`)) || byId('composer-input');
      if (target) {
        // The closing dialog has focused it already, but without a caret: keys would go nowhere.
        target.blur();
        target.focus({ preventScroll: true });
      }
    }
    return;
  }
  let entry = views.get(top.id);
  if (!entry) {
    entry = makeView(top);
    views.set(top.id, entry);
  }
  entry.stacked = stack.length > 1;
  entry.back.hidden = !entry.stacked;
  if (entry.signature !== signatureOf(top)) fillView(entry, top);
  else entry.view = top;
  showErrors(entry, top.errors || {});
  if (openView !== entry) {
    if (!openView && !returnFocus) {
      const active = document.activeElement;
      returnFocus = { element: active, key: active && active.dataset ? active.dataset.fk : null };
    }
    closePanel();
    openView = entry;
    document.body.append(entry.dialog);
    const last = entry.lastFocus;
    entry.dialog.showModal();
    entry.lastFocus = last;
    focusFirst(entry);
  }
}
function signatureOf(view) {
  const { errors, values, state, ...rest } = view;
  return JSON.stringify([rest.hash || null, rest.title, rest.submit, rest.close, rest.blocks, app.me]);
}
function shutView(entry) {
  if (entry.dialog.open) { entry.expected = true; entry.dialog.close(); entry.expected = false; }
  entry.dialog.remove();
  if (openView === entry) openView = null;
}
function focusFirst(entry) {
  const wrong = entry.fields.find((f) => f.wrong);
  const first = wrong || entry.fields[0];
  const target = (entry.lastFocus && entry.lastFocus.isConnected && entry.lastFocus) || (first && first.focusable()) || entry.dialog.querySelector('.dialog-body button, .dialog-body a[href]') || entry.dialog.querySelector('.dialog-foot .primary') || entry.dialog.querySelector('button:not([hidden])');
  if (target) target.focus();
}

function makeView(view) {
  const entry = { id: view.id, view, fields: [], errors: {}, own: {}, signature: null, submitting: false };
  entry.titleId = uid('view-title');
  entry.title = h('h2', { id: entry.titleId });
  entry.back = h('button', { type: 'button', class: 'icon-btn', 'aria-label': 'Back', title: 'Back', data: { testid: 'modal-back' }, hidden: true, on: { click: () => closeView(entry) } }, icon('back'));
  entry.body = h('div', { class: 'dialog-body' });
  entry.foot = h('div', { class: 'dialog-foot' });
  entry.trouble = h('p', { class: 'trouble', role: 'alert', data: { testid: 'modal-trouble' }, hidden: true });
  entry.form = h('form', { class: 'dialog-box', novalidate: true, autocomplete: 'off', data: { testid: 'modal-form' } },
    h('div', { class: 'dialog-head' }, entry.back, avatar(bot() && bot().picture, botName(), 'avatar tiny'), entry.title,
      h('button', { type: 'button', class: 'icon-btn', 'aria-label': 'Close', data: { testid: 'modal-x' }, on: { click: () => closeView(entry, true) } }, icon('close'))),
    entry.body, entry.trouble, entry.foot);
  entry.form.addEventListener('submit', (event) => { event.preventDefault(); submitView(entry); });
  entry.dialog = h('dialog', { class: 'dialog view', role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': entry.titleId, data: { testid: 'modal', viewId: view.id, callbackId: view.callback_id || '' } }, entry.form);
  entry.dialog.addEventListener('focusin', (event) => { entry.lastFocus = event.target; });
  dialogKeys(entry.dialog, () => closeView(entry));
  entry.dialog.addEventListener('close', () => { if (!entry.expected && openView === entry) closeView(entry); });
  return entry;
}

/** Draws a view into its dialog, keeping what was typed into the fields that are still there. */
function fillView(entry, view) {
  const kept = new Map(entry.fields.map((f) => [`${f.blockId}/${f.actionId}/${f.type}`, f.keep()]));
  const scroll = entry.body.scrollTop;
  const first = entry.signature === null;
  entry.view = view;
  entry.signature = signatureOf(view);
  entry.fields = [];
  entry.own = {};
  entry.dialog.dataset.hash = view.hash || '';
  entry.title.replaceChildren(textObject(view.title || 'Modal'));
  const ctx = {
    kind: 'view', fields: entry.fields, fk: `view-${view.id}`,
    send: async (body) => {
      await tellTyped(entry.fields, view, body.action_id);
      return act('click', { user: app.me, view_id: view.id, ...body });
    },
    suggest: (body) => api('suggest', { user: app.me, view_id: view.id, ...body }),
    trouble: (text) => sayTrouble(entry, text),
    touched: (blockId) => {
      if (!entry.own[blockId]) return;
      delete entry.own[blockId];
      showErrors(entry, entry.view.errors || {});
    },
  };
  const draw = () => entry.body.replaceChildren(...blockNodes(view.blocks || [], ctx));
  if (first) draw();
  else keepingFocus(draw);
  for (const field of entry.fields) {
    const key = `${field.blockId}/${field.actionId}/${field.type}`;
    if (kept.has(key)) field.take(kept.get(key));  // what was told stays told or is told again
    else if (first && view.values && view.values[field.blockId]) restore(field, view.values[field.blockId]);
  }
  const close = h('button', { type: 'button', class: 'btn', data: { testid: 'modal-close', fk: `view-${view.id}-close` }, on: { click: () => closeView(entry) } }, view.close ? textObject(view.close) : view.submit ? 'Cancel' : 'Close');
  entry.submit = view.submit
    ? h('button', { type: 'submit', class: 'btn primary', data: { testid: 'modal-submit', fk: `view-${view.id}-submit` } }, h('span', { class: 'btn-text' }, textObject(view.submit))) : null;
  keepingFocus(() => entry.foot.replaceChildren(close, ...(entry.submit ? [entry.submit] : [])));
  if (!first) {
    entry.body.scrollTop = scroll;
    sayTrouble(entry, '');
    if (openView === entry && !entry.dialog.contains(document.activeElement)) focusFirst(entry);
  }
}

/** Gives a field what the server remembers of it: a plain value, or Slack's state by action_id. */
function restore(field, kept) {
  const state = typeof kept === 'object' && !Array.isArray(kept) ? kept[field.actionId] : kept;
  if (!state || typeof state !== 'object' || Array.isArray(state)) { field.preset(state); return; }
  const { type, ...rest } = state;
  const value = Object.values(rest)[0];
  if (value === null || value === undefined) return;
  const options = [].concat(value);
  if (options.every((option) => option && typeof option === 'object' && option.text) && /select$/.test(type)) field.take(options.map(toItem));
  else field.preset(Array.isArray(value) ? value.map((v) => (v && v.value) || v) : typeof value === 'object' ? value.value : String(value));
}

function showErrors(entry, errors) {
  const all = { ...errors, ...entry.own };
  const known = new Set();
  for (const field of entry.fields) {
    if (!field.setError) continue;
    known.add(field.blockId);
    field.wrong = !!all[field.blockId];
    field.setError(all[field.blockId] || '');
  }
  const stray = Object.entries(all).filter(([block, text]) => text && !known.has(block)).map(([, text]) => text);
  if (stray.length) sayTrouble(entry, stray.join(' '));
}
function sayTrouble(entry, text) {
  entry.trouble.hidden = !text;
  if (entry.trouble.textContent !== text) entry.trouble.textContent = text;
}
function values(entry) {
  const out = {};
  for (const field of entry.fields) if (field.blockId && field.setError && !(field.blockId in out)) out[field.blockId] = field.get();
  return out;
}
/** Before a button of a view is reported, tells the sandbox what was typed into the fields that do
 *  not report themselves, so that the app gets it as the view's state. */
async function tellTyped(fields, view, except) {
  for (const field of fields) {
    if (!field.setError || field.dispatches || field.actionId === except) continue;
    const value = field.get();
    const text = JSON.stringify(value);
    if (text === field.told) continue;
    field.told = text;
    try {
      await api('click', { user: app.me, view_id: view.id, block_id: field.blockId, action_id: field.actionId, selected: value });
    } catch { /* the submission will say what is wrong with it */ }
  }
}

async function submitView(entry) {
  if (entry.submitting || !entry.submit) return;
  sayTrouble(entry, '');
  entry.own = {};
  for (const field of entry.fields) {
    const wrong = field.setError && field.check();
    if (wrong) entry.own[field.blockId] = wrong;
  }
  showErrors(entry, {});
  if (Object.keys(entry.own).length) { focusWrong(entry); return; }
  entry.submitting = true;
  entry.submit.setAttribute('aria-busy', 'true');
  entry.submit.classList.add('busy');
  try {
    const seen = await act('submit', { user: app.me, view_id: entry.id, values: values(entry) });
    if (seen.errors && Object.keys(seen.errors).length && views.has(entry.id)) {
      showErrors(entry, seen.errors);
      focusWrong(entry);
    } else if (seen.error) sayTrouble(entry, worded(seen.error, 'We had some trouble connecting. Try again?'));
  } catch (error) {
    sayTrouble(entry, `We had some trouble connecting. Try again? ${error.message}`);
  } finally {
    entry.submitting = false;
    if (entry.submit) {
      entry.submit.removeAttribute('aria-busy');
      entry.submit.classList.remove('busy');
    }
  }
}
function focusWrong(entry) {
  const wrong = entry.fields.find((f) => f.wrong);
  const target = wrong && wrong.focusable();
  if (target && openView === entry) {
    target.focus();
    const block = target.closest('.block');
    if (block) block.scrollIntoView({ block: 'nearest' });
  }
}
/** Cancel and Escape take away the top view, the × all of them, as in Slack. */
async function closeView(entry, all) {
  if (entry.closing) return;
  entry.closing = true;
  try {
    const body = { user: app.me, view_id: entry.id };
    if (all && entry.stacked) body.all = true;
    await act('close', body);
  } catch (error) {
    // A view that the sandbox no longer knows must not stay in the way.
    shutView(entry);
    views.delete(entry.id);
    toast(error.message);
    refresh().catch(() => {});
  } finally { entry.closing = false; }
}

// ---------------------------------------------------------------------------------------------
// Composers

const draftKey = (thread) => `${app.me}/${app.channel}/${thread || ''}`;
let draftOf = null;
let threadDraftOf = null;
function keepDraft() {
  if (draftOf) app.drafts.set(draftOf, byId('composer-input').value);
  if (threadDraftOf) app.drafts.set(threadDraftOf, byId('thread-input').value);
}
function grow(area) {
  area.style.height = '';
  if (area.value) area.style.height = `${Math.min(area.scrollHeight + 2, 220)}px`;
}

function drawComposer() {
  const here = place();
  const input = byId('composer-input');
  const key = draftKey();
  if (key !== draftOf) {
    if (draftOf) app.drafts.set(draftOf, input.value);
    draftOf = key;
    input.value = app.drafts.get(key) || '';
    completions.main.hide();
    grow(input);
  }
  const threadKey = app.thread ? draftKey(app.thread) : null;
  const reply = byId('thread-input');
  if (threadKey !== threadDraftOf) {
    if (threadDraftOf) app.drafts.set(threadDraftOf, reply.value);
    threadDraftOf = threadKey;
    reply.value = (threadKey && app.drafts.get(threadKey)) || '';
    grow(reply);
  }
  const title = placeTitle();
  byId('composer-label').textContent = `Message ${title}`;
  const narrow = window.innerWidth < 560;
  const first = commandNames()[0];
  input.placeholder = first ? (narrow ? `Type ${first} to announce one` : `Message ${title} – type ${first} to announce one`) : `Message ${title}`;
  const off = here && here.is_archived ? `#${here.name} is archived. Nobody can write here any more.` : '';
  const member = !here || here.dm || !here.members || here.members.includes(app.me);
  const shut = !!off || !member;
  byId('composer').hidden = shut;
  byId('composer-off').hidden = !shut;
  byId('composer-off-text').textContent = off || (member ? '' : `${nameOf(me())} is not a member of #${here.name}.`);
  byId('join').hidden = !!off || member;
  byId('tip').hidden = !!store('tip');
  byId('thread-composer').hidden = shut;
  byId('thread-off').hidden = !shut;
  byId('thread-off').textContent = off || byId('composer-off-text').textContent;
  byId('global-shortcuts').hidden = !shortcutsOf('global').length;
}

const commandNames = () => (app.state && app.state.commands ? app.state.commands.map((c) => (typeof c === 'string' ? c : c.command || c.name)).filter(Boolean) : []);
const COMMAND_NOTES = { '/outage': 'Announce an outage, or update one' };
const commandNote = (name) => {
  const given = app.state.commands.find((c) => typeof c === 'object' && (c.command || c.name) === name);
  return given ? [given.description, given.usage_hint].filter(Boolean).join(' ') : COMMAND_NOTES[name] || `A command of ${botName()}`;
};

/** The list over a message box: commands while somebody types "/", people while they type "@". */
function makeCompletions(area, form, id, commands) {
  let el = null;
  let found = [];
  let active = 0;
  const input = () => byId(area);
  function hide() {
    if (!el) return;
    el.remove();
    el = null;
    input().removeAttribute('aria-activedescendant');
    input().removeAttribute('aria-controls');
  }
  function find() {
    const text = input().value;
    if (commands && /^\/\S*$/.test(text)) {
      return commandNames().filter((name) => name.startsWith(text.toLowerCase())).map((name) => ({
        typed: text, insert: name, label: name, note: commandNote(name), picture: bot() && bot().picture, name: botName(), data: { command: name },
      }));
    }
    const at = /(?:^|[\s(])(@[\w.-]*)$/.exec(text.slice(0, input().selectionStart));
    if (!at) return [];
    const low = at[1].slice(1).toLowerCase();
    const people = [bot(), ...humans()].filter(Boolean).map((u) => ({
      typed: at[1], insert: `@${u.name}`, label: u.is_bot ? botName() : nameOf(u), note: `@${u.name}`, picture: u.picture, name: nameOf(u), data: { mention: u.name },
    }));
    const groups = (app.state.groups || []).map((g) => ({ typed: at[1], insert: `@${g.handle}`, label: `@${g.handle}`, note: g.name, name: g.handle, data: { mention: g.handle } }));
    return [...people, ...groups].filter((item) => item.insert.slice(1).toLowerCase().startsWith(low) || item.label.toLowerCase().split(/\s+/).some((word) => word.startsWith(low)));
  }
  function show() {
    found = find();
    if (!found.length) { hide(); return; }
    if (!el) {
      el = h('div', { class: 'commands', id, role: 'listbox' });
      el.addEventListener('mousedown', (event) => event.preventDefault());
      byId(form).append(el);
      input().setAttribute('aria-controls', id);
    }
    const mention = found[0].insert.startsWith('@');
    el.dataset.testid = mention ? 'mention-list' : 'command-list';
    el.setAttribute('aria-label', mention ? 'People' : 'Commands');
    active = Math.max(0, found.findIndex((item) => item.insert === item.typed.toLowerCase()));
    draw();
  }
  function draw() {
    el.replaceChildren(...found.map((item, index) => h('div', {
      class: `option${index === active ? ' active' : ''}`, role: 'option', id: `${id}-${index}`, 'aria-selected': String(index === active), data: item.data,
      on: { click: () => take(index) },
    }, avatar(item.picture, item.name, 'avatar tiny'), h('span', { class: 'option-text' }, h('strong', {}, item.label), h('small', {}, item.note)))));
    input().setAttribute('aria-activedescendant', `${id}-${active}`);
    const current = byId(`${id}-${active}`);
    if (current) current.scrollIntoView({ block: 'nearest' });
  }
  function take(index) {
    const box = input();
    const item = found[index];
    const caret = box.selectionStart;
    const before = item.insert.startsWith('/') ? '' : box.value.slice(0, caret - item.typed.length);
    const after = item.insert.startsWith('/') ? '' : box.value.slice(caret).replace(/^ /, '');
    box.value = `${before}${item.insert} ${after}`;
    const at = before.length + item.insert.length + 1;
    hide();
    box.focus();
    box.setSelectionRange(at, at);
    grow(box);
  }
  return {
    show, hide,
    /** True when the key was meant for the list. */
    key(event) {
      if (!el) return false;
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        active = (active + (event.key === 'ArrowDown' ? 1 : -1) + found.length) % found.length;
        draw();
        return true;
      }
      if (event.key === 'Escape') { hide(); return true; }
      if (event.key === 'Tab' && !event.shiftKey) { take(active); return true; }
      if (event.key === 'Enter' && !event.shiftKey && found[active].insert !== found[active].typed.toLowerCase()) { take(active); return true; }
      return false;
    },
  };
}
const completions = {
  main: makeCompletions('composer-input', 'composer', 'command-list', true),
  thread: makeCompletions('thread-input', 'thread-composer', 'thread-completions', false),
};

/** What somebody typed, as Slack's client hands it on: escaped, with ids for people and channels. */
function encoded(text) {
  const people = [...app.users.values()];
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
    .replace(/(^|[\s(])@([\w.-]*\w)/g, (whole, before, name) => {
      const low = name.toLowerCase();
      if (/^(here|channel|everyone)$/.test(low)) return `${before}<!${low}>`;
      const found = people.find((u) => u.name.toLowerCase() === low);
      const group = (app.state.groups || []).find((g) => g.handle === low);
      if (!found && group) return `${before}<!subteam^${group.id}>`;
      return found ? `${before}<@${found.id}>` : whole;
    })
    .replace(/(^|[\s(])#([\w-]+)/g, (whole, before, name) => {
      const found = [...app.channels.values()].find((c) => c.name === name.toLowerCase());
      return found ? `${before}<#${found.id}|${found.name}>` : whole;
    });
}

async function sendFrom(area, thread) {
  const text = area.value.trim();
  const channel = app.channel;
  if (!text || !channel) return;
  const command = /^\/[a-z][\w-]*/i.exec(text);
  const key = draftKey(thread);
  const giveBack = () => {
    if (draftKey(thread) === key && !area.value) { area.value = text; grow(area); }
    else if (!app.drafts.get(key)) app.drafts.set(key, text);
  };
  area.value = '';
  app.drafts.delete(key);
  grow(area);
  completions.main.hide();
  completions.thread.hide();
  if (!thread) app.atBottom = true;
  if (command && thread) {
    giveBack();
    notice(channel, thread, `\`${command[0]}\` is not supported in threads. Sorry!`);
    return;
  }
  if (command && !commandNames().includes(command[0].toLowerCase())) {
    giveBack();
    notice(channel, null, `\`${command[0]}\` is not a valid command. The commands here are ${commandNames().map((c) => `\`${c}\``).join(', ') || 'none'}.`);
    return;
  }
  const form = area.closest('form');
  form.classList.add('busy');
  try {
    if (command) {
      const seen = await act('command', { user: app.me, channel, text: command[0].toLowerCase() + text.slice(command[0].length) });
      if (seen.error) {
        giveBack();
        if (!seen.ephemeral) notice(channel, null, `\`${command[0]}\` failed with the error "${seen.error}"`);
      }
    } else {
      const body = { user: app.me, channel, text: encoded(text) };
      if (thread) body.thread_ts = thread;
      await act('message', body);
    }
  } catch (error) {
    giveBack();
    toast(error.message);
  } finally { form.classList.remove('busy'); }
}

function wireComposer(form, area, list, thread) {
  form.addEventListener('submit', (event) => { event.preventDefault(); sendFrom(area, thread()); });
  area.addEventListener('input', () => { grow(area); list.show(); });
  area.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (list.key(event)) { event.preventDefault(); event.stopPropagation(); return; }
    if (event.key === 'Enter' && !event.shiftKey) { event.preventDefault(); sendFrom(area, thread()); }
  });
  area.addEventListener('blur', () => setTimeout(() => { if (document.activeElement !== area) list.hide(); }, 100));
}

/** Makes a channel that the acting person alone is in. */
function createChannel() {
  const titleId = uid('create');
  const input = h('input', { class: 'field', id: uid('name'), type: 'text', maxlength: 80, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', placeholder: 'e.g. lunch', data: { testid: 'create-channel-name' } });
  const trouble_ = h('p', { class: 'field-error', role: 'alert', hidden: true });
  const done = () => { dialog.close(); dialog.remove(); };
  const form = h('form', { class: 'dialog-box small', novalidate: true, on: { submit: async (event) => {
    event.preventDefault();
    try {
      const answer = await api('channel', { create: true, name: input.value.trim(), by: app.me });
      await refresh();
      done();
      go(answer.channel.id);
    } catch (error) { trouble_.hidden = false; trouble_.textContent = error.message; input.focus(); }
  } } },
  h('div', { class: 'dialog-head' }, h('h2', { id: titleId }, 'Create a channel')),
  h('div', { class: 'dialog-body' }, h('div', { class: 'block input' }, h('label', { class: 'label', for: input.id }, 'Name'), input, trouble_,
    h('p', { class: 'hint' }, `Small letters, digits, - and _. ${botName()} is not in it until somebody adds it.`))),
  h('div', { class: 'dialog-foot' }, h('button', { type: 'button', class: 'btn', data: { testid: 'create-channel-cancel' }, on: { click: done } }, 'Cancel'),
    h('button', { type: 'submit', class: 'btn primary', data: { testid: 'create-channel-save' } }, 'Create')));
  const dialog = h('dialog', { class: 'dialog', 'aria-modal': 'true', 'aria-labelledby': titleId, data: { testid: 'create-channel-dialog' } }, form);
  dialogKeys(dialog, done);
  document.body.append(dialog);
  dialog.showModal();
  input.focus();
}

/** Who is in a channel, and who could be: anybody can add somebody else, the app too. */
function showMembers() {
  const button = byId('members');
  if (openPanel && openPanel.anchor === button) { closePanel(); return; }
  const here = place();
  const b = bot();
  const inside = new Set(here.members || []);
  const rows = [...humans(), ...[b].filter(Boolean)].map((u) => h('li', { class: 'member', data: { user: u.id } },
    avatar(u.picture, nameOf(u), 'avatar tiny'), h('span', { class: 'side-name' }, u.is_bot ? botName() : nameOf(u)), u.is_bot ? h('span', { class: 'app-badge' }, 'APP') : null,
    inside.has(u.id) ? h('span', { class: 'member-note' }, 'member') : here.is_archived ? null : h('button', {
      type: 'button', class: 'btn small', data: { testid: `add-member-${u.name}` }, on: { click: async () => {
        closePanel();
        try { await act('channel', { channel: here.id, add: u.id, by: app.me }); } catch (error) { toast(error.message); }
        byId('members').focus();
      } },
    }, 'Add')));
  panel(button, [h('h3', { class: 'panel-title' }, `Members of #${here.name}`), h('ul', { data: { testid: 'member-list' } }, rows)], { label: 'Members', className: 'wide' });
}

// ---------------------------------------------------------------------------------------------
// Panes: thread and journal

const narrow = matchMedia('(max-width: 760px)');
let paneReturn = null;
/** On a phone the drawer and the panes lie over the rest, which is then out of reach. */
function cover() {
  const drawer = byId('sidebar').classList.contains('open');
  const pane = app.thread || app.journal;
  byId('main').inert = narrow.matches && (drawer || !!pane);
  byId('sidebar').inert = narrow.matches && !drawer;
  byId('thread').inert = narrow.matches && drawer;
  byId('journal').inert = narrow.matches && drawer;
}

function openThread(ts) {
  keepDraft();
  paneReturn = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.fk : null;
  app.thread = ts;
  app.journal = false;
  render({ thread: true });
  byId('thread-input').focus({ preventScroll: true });
}
function closeThread() {
  keepDraft();
  app.thread = null;
  render();
  const target = (paneReturn && document.querySelector(`[data-fk="${CSS.escape(paneReturn)}"]`)) || byId('composer-input');
  target.focus({ preventScroll: true });
}
function drawThread(how) {
  const pane = byId('thread');
  const here = place();
  const shown = !!(app.thread && here);
  pane.hidden = !shown || app.journal;
  byId('journal').hidden = !app.journal;
  byId('journal-toggle').setAttribute('aria-expanded', String(app.journal));
  document.body.classList.toggle('with-pane', shown || app.journal);
  cover();
  if (!shown) { byId('thread-log').replaceChildren(); return; }
  byId('thread-channel').textContent = placeTitle();
  const log = byId('thread-log');
  const bottom = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  const list = entries(app.channel, app.thread);
  const items = [];
  if (list.length && list[0].ts !== app.thread) {
    items.push({ key: 'gone', sig: 'gone', build: () => h('p', { class: 'gone' }, 'This message was deleted.') });
  }
  if (!list.length) items.push({ key: 'gone', sig: 'gone', build: () => h('p', { class: 'gone' }, 'This message was deleted.') });
  messageItems(list, items, { place: here, thread: app.thread, newSince: null });
  reconcile(log, items);
  // Also when only an earlier message has grown.
  if (how.thread || bottom) log.scrollTop = log.scrollHeight;
  rove(log);
}

/** The app's home tab, beside the direct message with the bot. */
const homes = { signature: '', fields: [] };
function drawHome() {
  const here = place();
  const dm = !here || !!here.dm;
  const shown = dm && app.home;
  byId('tabs').hidden = !dm;
  byId('tab-messages').setAttribute('aria-pressed', String(!shown));
  byId('tab-home').setAttribute('aria-pressed', String(shown));
  byId('home').hidden = !shown;
  byId('log-wrap').hidden = shown;
  byId('composer-zone').hidden = shown;
  if (!shown) return;
  const view = (app.state.homes || {})[app.me];
  const signature = view ? `${view.id}${signatureOf(view)}` : `none${app.me}`;
  if (signature === homes.signature) return;
  homes.signature = signature;
  const kept = new Map(homes.fields.map((f) => [`${f.blockId}/${f.actionId}/${f.type}`, f.keep()]));
  homes.fields = [];
  const ctx = view && {
    kind: 'view', fields: homes.fields, fk: `view-${view.id}`,
    send: (body) => act('click', { user: app.me, view_id: view.id, ...body }),
    suggest: (body) => api('suggest', { user: app.me, view_id: view.id, ...body }),
  };
  byId('home').replaceChildren(...(view ? blockNodes(view.blocks || [], ctx) : [h('p', { class: 'home-empty' }, `${botName()} shows nothing here.`)]));
  for (const field of homes.fields) {
    const key = `${field.blockId}/${field.actionId}/${field.type}`;
    if (kept.has(key)) field.take(kept.get(key));
  }
}

const journal = { next: 0, entries: [], loading: false };
function toggleJournal(wanted = !app.journal) {
  app.journal = wanted;
  if (wanted) app.lastPaneKey = document.activeElement;
  render();
  if (wanted) byId('journal-close').focus({ preventScroll: true });
  else byId('journal-toggle').focus({ preventScroll: true });
}
async function loadJournal() {
  if (journal.loading) return;
  journal.loading = true;
  try {
    const answer = await api(`journal?since=${journal.next}`);
    if (typeof answer.next === 'number' && answer.next < journal.next) { journal.next = 0; journal.entries = []; byId('journal-list').replaceChildren(); journal.loading = false; loadJournal(); return; }
    if (typeof answer.next === 'number') journal.next = answer.next;
    const known = new Set(journal.entries.map((e) => e.number));
    const fresh = (answer.entries || []).filter((e) => !known.has(e.number));
    journal.entries.push(...fresh);
    const list = byId('journal-list');
    for (const entry of fresh) list.prepend(journalRow(entry));
    while (list.children.length > 500) list.lastElementChild.remove();
    filterJournal();
  } catch { /* the banner says when the sandbox is gone */ } finally { journal.loading = false; }
}
function filterJournal() {
  const wanted = byId('journal-filter').value.trim().toLowerCase();
  let shown = 0;
  for (const row of byId('journal-list').children) {
    row.hidden = !!wanted && !row.dataset.method.toLowerCase().includes(wanted);
    if (!row.hidden) shown += 1;
  }
  byId('journal-empty').hidden = shown > 0;
  byId('journal-empty').textContent = journal.entries.length ? 'No call matches.' : 'No calls yet.';
}
function journalRow(entry) {
  const answer = entry.answer;
  const error = answer && answer.ok === false ? answer.error || 'error' : answer === null || !entry.status ? 'no answer' : entry.status >= 400 ? `HTTP ${entry.status}` : null;
  const seconds = entry.at > 1e14 ? entry.at / 1e6 : entry.at > 1e11 ? entry.at / 1e3 : Number(entry.at);
  const body = h('div', { class: 'journal-body' });
  const row = h('details', {}, h('summary', {},
    h('span', { class: `verdict${error ? ' bad' : ''}` }, error || 'ok'),
    h('span', { class: 'journal-method' }, entry.method),
    entry.ms !== undefined ? h('span', { class: 'journal-time' }, `${Math.round(entry.ms)} ms`) : null,
    Number.isFinite(seconds) ? live('time', { class: 'journal-time' }, () => clock12(parts(seconds), true)) : null), body);
  row.addEventListener('toggle', () => {
    if (!row.open || body.childNodes.length) return;
    body.append(h('h4', {}, 'Arguments'), h('pre', { class: 'json', tabindex: '0', 'aria-label': 'Arguments' }, pretty(entry.arguments)),
      h('h4', {}, `Answer${entry.status ? `, status ${entry.status}` : ''}`), h('pre', { class: 'json', tabindex: '0', 'aria-label': 'Answer' }, pretty(answer)));
  });
  return h('li', { data: { method: entry.method, number: entry.number, testid: 'journal-entry' } }, row);
}
/** JSON over several lines; JSON inside a string (blocks, views) is opened up too. */
function pretty(value) {
  const opened = (v) => {
    if (typeof v === 'string' && /^\s*[[{]/.test(v)) {
      try { return opened(JSON.parse(v)); } catch { return v; }
    }
    if (Array.isArray(v)) return v.map(opened);
    if (v && typeof v === 'object') return Object.fromEntries(Object.entries(v).map(([k, w]) => [k, opened(w)]));
    return v;
  };
  return JSON.stringify(opened(value), null, 2) || String(value);
}

function openDrawer() {
  byId('sidebar').classList.add('open');
  byId('drawer-backdrop').hidden = false;
  byId('drawer-open').setAttribute('aria-expanded', 'true');
  cover();
  const current = byId('sidebar').querySelector('[aria-current="true"]') || byId('drawer-close');
  current.focus({ preventScroll: true });
}
function closeDrawer(back) {
  const sidebar = byId('sidebar');
  if (!sidebar.classList.contains('open')) return;
  sidebar.classList.remove('open');
  byId('drawer-backdrop').hidden = true;
  byId('drawer-open').setAttribute('aria-expanded', 'false');
  cover();
  if (back) byId('drawer-open').focus();
}

// ---------------------------------------------------------------------------------------------
// Clock, theme

let minuteShown = 0;
function tickClock() {
  if (!app.state) return;
  const epoch = now();
  const p = parts(epoch);
  if (minuteShown !== Math.floor(epoch / 60)) {
    minuteShown = Math.floor(epoch / 60);
    refreshLive();
  }
  const time = byId('clock-time');
  const text = `${DAYS[p.weekday].slice(0, 3)} ${p.day} ${MONTHS[p.month - 1].slice(0, 3)}, ${clock12(p, true)}`;
  time.replaceChildren(h('span', { class: 'clock-day' }, `${text.split(', ')[0]}, `), text.split(', ')[1]);
  time.dateTime = new Date(epoch * 1000).toISOString();
  time.title = fullTime(epoch);
  const offset = Math.round(app.state.clock.offset || 0);
  const box = byId('clock-offset');
  box.hidden = Math.abs(offset) < 30;
  const hours = Math.floor(Math.abs(offset) / 3600);
  const minutes = Math.round((Math.abs(offset) % 3600) / 60);
  const ahead = [hours ? `${hours} h` : '', minutes ? `${minutes} min` : ''].filter(Boolean).join(' ');
  if (!box.hidden) box.textContent = `${offset < 0 ? '−' : '+'}${ahead}`;
  box.title = 'Ahead of the clock of this computer';
}
async function advance(button, seconds) {
  button.disabled = true;
  try { await act('clock', { advance_seconds: seconds }); } catch (error) { toast(error.message); } finally { button.disabled = false; button.focus(); }
}
const darkSystem = matchMedia('(prefers-color-scheme: dark)');
function theme() {
  const chosen = store('theme');
  const dark = chosen ? chosen === 'dark' : darkSystem.matches;
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  byId('theme-toggle').setAttribute('aria-pressed', String(dark));
}

// ---------------------------------------------------------------------------------------------
// Wiring

function wire() {
  theme();
  darkSystem.addEventListener('change', theme);
  byId('theme-toggle').addEventListener('click', () => {
    store('theme', document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
    theme();
  });
  byId('tip').querySelector('.tip-mark').replaceChildren(emojiNode('👋'));
  wireComposer(byId('composer'), byId('composer-input'), completions.main, () => null);
  wireComposer(byId('thread-composer'), byId('thread-input'), completions.thread, () => app.thread);
  byId('global-shortcuts').append(icon('bolt'));
  byId('global-shortcuts').addEventListener('click', (event) => globalShortcuts(event.currentTarget));
  byId('create-channel').append(icon('plus'));
  byId('create-channel').addEventListener('click', createChannel);
  byId('members').addEventListener('click', showMembers);
  byId('tip-close').addEventListener('click', () => { store('tip', 'seen'); byId('tip').hidden = true; byId('composer-input').focus(); });
  byId('join').addEventListener('click', async () => {
    try {
      await act('channel', { channel: app.channel, add: app.me });
      byId('composer-input').focus();
    } catch (error) { toast(error.message); }
  });
  byId('tab-messages').addEventListener('click', () => { app.home = false; render({ moved: true }); });
  byId('tab-home').addEventListener('click', async () => {
    app.home = true;
    render();
    try { await act('home', { user: app.me }); } catch (error) { toast(error.message); }
  });
  byId('pins-toggle').addEventListener('click', showPins);
  byId('thread-close').addEventListener('click', closeThread);
  byId('journal-toggle').addEventListener('click', () => toggleJournal());
  byId('journal-close').addEventListener('click', () => toggleJournal(false));
  byId('journal-filter').addEventListener('input', filterJournal);
  byId('clock-10m').addEventListener('click', (event) => advance(event.currentTarget, 600));
  byId('clock-1h').addEventListener('click', (event) => advance(event.currentTarget, 3600));
  byId('banner-reload').addEventListener('click', () => location.reload());
  byId('drawer-open').addEventListener('click', openDrawer);
  byId('drawer-close').addEventListener('click', () => closeDrawer(true));
  byId('drawer-backdrop').addEventListener('click', () => closeDrawer(true));
  byId('skip').addEventListener('click', (event) => { event.preventDefault(); byId('composer-input').focus(); });
  narrow.addEventListener('change', () => { if (!narrow.matches) closeDrawer(); cover(); });
  window.addEventListener('resize', () => { if (app.state) drawComposer(); });
  const log = byId('log');
  let lastTop = 0;
  log.addEventListener('scroll', () => {
    // Only a person scrolling up leaves the bottom; pictures that load later do not.
    if (log.scrollHeight - log.scrollTop - log.clientHeight < 60) app.atBottom = true;
    else if (log.scrollTop < lastTop) app.atBottom = false;
    lastTop = log.scrollTop;
    if (app.atBottom) byId('jump-new').hidden = true;
  }, { passive: true });
  byId('jump-new').addEventListener('click', () => { log.scrollTop = log.scrollHeight; byId('composer-input').focus({ preventScroll: true }); });
  log.addEventListener('keydown', roveKeys);
  byId('thread-log').addEventListener('keydown', roveKeys);
  new ResizeObserver(() => { if (app.atBottom) log.scrollTop = log.scrollHeight; }).observe(log);
  log.addEventListener('load', () => { if (app.atBottom) log.scrollTop = log.scrollHeight; }, true);
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || openView) return;
    if (byId('sidebar').classList.contains('open')) closeDrawer(true);
    else if (app.journal && byId('journal').contains(document.activeElement)) toggleJournal(false);
    else if (app.thread && byId('thread').contains(document.activeElement)) closeThread();
  });
  window.addEventListener('hashchange', () => {
    if (!app.state) return;
    const before = `${app.me}${app.channel}`;
    keepDraft();
    fromHash();
    choose();
    if (before !== `${app.me}${app.channel}`) { app.thread = null; app.atBottom = true; render({ moved: true }); }
  });
  document.addEventListener('visibilitychange', () => { if (!document.hidden && app.state) render(); });
  setInterval(tickClock, 1000);
  setInterval(() => refreshLive(), 10000);
  setInterval(() => { if (app.journal) loadJournal(); }, 3000);
}

wire();
follow();
})();
