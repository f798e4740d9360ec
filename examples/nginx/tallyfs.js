/* tallyfs.js - validators for the files of a mount, for nginx's njs.
 *
 * nginx makes its own ETag of a file's size and of its mtime in whole seconds. Of two commits within one second that
 * leave the size as it is, it would call the second one not modified, and a client that asked in between would keep the
 * old answer for ever. tallyfs tells versions apart by two things: each has an inode number of its own, and an mtime
 * that rises with every commit, in nanoseconds.
 *
 * The order makes it true. `answer` asks for the version before nginx opens the file, `confirm` when it is open: if
 * both times it is the same, the open file is of that version, as versions never come back and an open file never
 * changes. If a commit came in between, the answer goes out without a tag and is fetched once more.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
import fs from 'fs';

/* The version of the file that is asked for; '' if it is none.
 *
 * JavaScript's numbers have 53 bits. Of the inode number, a hash of path and commit, that many are left, and of the
 * mtime a quarter of a microsecond. The first tells versions of one store apart; the second those of stores that
 * were mounted here one after the other, as a restored backup, which may count its commits alike. */
function version(r) {
    try {
        const stat = fs.statSync(r.rawVariables.request_filename);
        return stat.isFile() ? `"${stat.ino}-${stat.mtimeMs}"` : '';
    } catch (error) {
        return '';
    }
}

/* What of If-None-Match is TAG, as the client wrote it: it has W/"…" of an answer that nginx compressed. */
function matching(sent, tag) {
    if (!sent || !tag) return '';
    if (sent.trim() === '*') return tag;
    return sent.split(',').map(each => each.trim()).find(each => each.replace(/^W\//, '') === tag) || '';
}

/* Here rather than in `if`s, as these come before passwords are asked for. */
function answer(r) {
    const tag = version(r), known = matching(r.headersIn['If-None-Match'], tag);
    r.variables.tally_etag = known || tag;
    if (!known) return r.internalRedirect('@file');
    r.status = 304;
    r.sendHeader(); // r.return(304) would say Content-Length: 0
    r.finish();
}

function confirm(r) {
    if (version(r) !== r.variables.tally_etag) r.variables.tally_etag = '';
}

export default {answer, confirm};
