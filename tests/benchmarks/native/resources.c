/* See resources.h. A template holds `@` for an id and `$` for a name. */

#define _GNU_SOURCE
#include "resources.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TIMESTAMP "2026-01-01T00:00:00.000Z"

static const char CURRENT_USER[] =
    "{\"type\":\"resource.relayed\",\"version\":\"v1\",\"resource\":{\"id\":@,\"type\":\"PERSON\","
    "\"name\":\"$\",\"displayName\":\"$\","
    "\"displayPictureUrl\":\"https://example.test/picture/$\",\"isGuest\":true,"
    "\"presence\":{\"status\":\"AVAILABLE\",\"online\":true},\"callStatus\":\"AVAILABLE\","
    "\"properties\":{},\"_relays\":{\"self\":\"/application/user.relay\","
    "\"readFileAccessGrant\":\"/application/user.read_file_access_grant.relay\","
    "\"writeFileAccessGrant\":\"/application/user.write_file_access_grant.relay\","
    "\"channelsCount\":\"/application/user.channels.count.relay\","
    "\"channels\":\"/application/user.channels.relay.page..size..sort.\","
    "\"messages\":\"/application/user.messages.relay.page..size..sort.\","
    "\"joinableChannels\":\"/application/user.joinable_channels.relay.page..size..sort.\","
    "\"unreadChannelsCount\":\"/application/user.unread_channels.count.relay\","
    "\"unreadChannels\":\"/application/user.unread_channels.relay.page..size..sort.\","
    "\"unreadMessagesCount\":\"/application/user.unread_messages.count.relay\","
    "\"contactsCount\":\"/application/user.contacts.count.relay\","
    "\"contacts\":\"/application/user.contacts.relay.page..size..sort.\","
    "\"userBlockListItems\":\"/application/user.blocked.relay.page..size..sort.\"},"
    "\"_topics\":{\"self\":\"/topic/users/@\",\"channels\":\"/topic/users/@.channels\","
    "\"messages\":\"/topic/users/@.messages\","
    "\"notifications\":\"/topic/users/@.notifications\","
    "\"contacts\":\"/topic/users/@.contacts\",\"participants\":\"/topic/users/@.participants\","
    "\"users\":\"/topic/users/@.users\",\"reactions\":\"/topic/users/@.reactions\","
    "\"threads\":\"/topic/users/@.threads\",\"calls\":\"/topic/users/@.calls\","
    "\"elements\":\"/topic/users/@.elements\",\"features\":\"/topic/users/@.features\","
    "\"styles\":\"/topic/users/@.styles\","
    "\"readReceipts\":\"/topic/users/@.read_receipts\"},"
    "\"_actions\":{\"update\":\"/application/user.update\","
    "\"createChannel\":\"/application/user.create_channel\","
    "\"updateDisplayPicture\":\"/application/user.update_display_picture\","
    "\"delete\":\"/application/user.delete\"},"
    "\"_streams\":{\"displayPicture\":\"/user/display_picture\"}}}";

static const char CHANNEL[] =
    "\"version\":\"v1\",\"resource\":{\"id\":@,\"type\":\"PUBLIC\",\"name\":\"$\","
    "\"displayName\":\"$\",\"createdTime\":\"" TIMESTAMP "\",\"properties\":{},"
    "\"_relays\":{\"self\":\"/application/channels/@.relay\","
    "\"context\":\"/application/channels/@.context.relay\","
    "\"messages\":\"/application/channels/@.messages.relay.page..size..sort.\","
    "\"messagesCount\":\"/application/channels/@.messages.count.relay\","
    "\"lastReceivedMessage\":\"/application/channels/@.last_received_message.relay\","
    "\"lastReadMessage\":\"/application/channels/@.last_read_message.relay\","
    "\"unread\":\"/application/channels/@.unread.relay\","
    "\"members\":\"/application/channels/@.members.relay.page..size..sort.\","
    "\"threads\":\"/application/channels/@.threads.relay.page..size..sort.\","
    "\"calls\":\"/application/channels/@.calls.relay.page..size..sort.\","
    "\"blockRecords\":\"/application/channels/@.block_records.relay.page..size..sort.\","
    "\"moderators\":\"/application/channels/@.moderators.relay.page..size..sort.\"},"
    "\"_topics\":{\"self\":\"/topic/channels/@\",\"messages\":\"/topic/channels/@.messages\","
    "\"keystrokes\":\"/topic/channels/@.keystrokes\",\"typing\":\"/topic/channels/@.typing\","
    "\"participants\":\"/topic/channels/@.participants\","
    "\"readReceipts\":\"/topic/channels/@.read_receipts\","
    "\"reactions\":\"/topic/channels/@.reactions\",\"events\":\"/topic/channels/@.events\","
    "\"members\":\"/topic/channels/@.members\","
    "\"blockRecords\":\"/topic/channels/@.block_records\","
    "\"moderators\":\"/topic/channels/@.moderators\"},"
    "\"_actions\":{\"message\":\"/application/channels/@.message\","
    "\"keystrokes\":\"/application/channels/@.keystrokes\","
    "\"join\":\"/application/channels/@.join\",\"leave\":\"/application/channels/@.leave\","
    "\"addModerator\":\"/application/channels/@.add_moderator\","
    "\"invite\":\"/application/channels/@.invite\","
    "\"deleteModerator\":\"/application/channels/@.delete_moderator\","
    "\"read\":\"/application/channels/@.read\",\"mute\":\"/application/channels/@.mute\","
    "\"call\":\"/application/channels/@.call\","
    "\"triggerEvent\":\"/application/channels/@.trigger_event\","
    "\"update\":\"/application/channels/@.update\",\"delete\":\"/application/channels/@.delete\","
    "\"clearHistory\":\"/application/channels/@.clear_history\","
    "\"hide\":\"/application/channels/@.hide\","
    "\"createThread\":\"/application/channels/@.create_thread\","
    "\"block\":\"/application/channels/@.block\"},"
    "\"_streams\":{\"messages\":\"/channels/@/messages\"}}}";

/* Copy a template with its ids and names filled in; stops short of the capacity. */
static size_t expand(char *out, size_t capacity, const char *template, uint32_t id,
                     const char *name) {
    char digits[16];
    size_t digits_length = (size_t)snprintf(digits, sizeof digits, "%u", id);
    size_t name_length = strlen(name), at = 0;
    for (; *template != '\0'; template++) {
        const char *piece = template;
        size_t length = 1;
        if (*template == '@')
            piece = digits, length = digits_length;
        else if (*template == '$')
            piece = name, length = name_length;
        if (at + length >= capacity)
            break;
        memcpy(out + at, piece, length);
        at += length;
    }
    out[at] = '\0';
    return at;
}

size_t write_current_user(char *out, size_t capacity, uint32_t user_id, const char *user_name) {
    return expand(out, capacity, CURRENT_USER, user_id, user_name);
}

size_t write_channel(char *out, size_t capacity, const char *type, uint32_t channel_id,
                     const char *channel_name) {
    size_t at = (size_t)snprintf(out, capacity, "{\"type\":\"%s\",", type);
    return at + expand(out + at, capacity - at, CHANNEL, channel_id, channel_name);
}

size_t write_grant(char *out, size_t capacity) {
    return (size_t)snprintf(out, capacity,
                            "{\"type\":\"resource.relayed\",\"version\":\"v1\",\"resource\":"
                            "{\"grant\":\"00000000-0000-4000-8000-000000000000\"}}");
}

size_t write_error(char *out, size_t capacity, const char *error, const char *message) {
    return (size_t)snprintf(out, capacity,
                            "{\"error\":\"%s\",\"message\":\"%s\",\"timestamp\":\"" TIMESTAMP "\"}",
                            error, message);
}

size_t write_mark(char *out, size_t capacity, const char *run, uint64_t key, uint64_t due_ns) {
    unsigned long long number = key, due = due_ns;
    return (size_t)snprintf(out, capacity, "{\"loadtest\":[\"%s\",%llu,0,%llu,%llu,%llu]}", run,
                            number, number, due, due);
}

static void write_created_time(char *out, size_t capacity) {
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t at = strftime(out, capacity, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + at, capacity - at, ".%03ldZ", now.tv_nsec / 1000000);
}

size_t write_message_created(char *out, size_t capacity, const struct message_content *content) {
    static const char tail[] = "\"}}";
    char created[64];
    unsigned long long id = content->message_id;
    write_created_time(created, sizeof created);
    size_t at = (size_t)snprintf(
        out, capacity,
        "{\"type\":\"channel.message.created\",\"version\":\"v1\",\"resource\":{\"id\":%llu,"
        "\"type\":\"TEXT\",\"channelId\":%u,\"user\":{\"id\":%u,\"type\":\"PERSON\","
        "\"name\":\"%s\",\"displayName\":\"%s\",\"isGuest\":true,"
        "\"presence\":{\"status\":\"AVAILABLE\",\"online\":true},\"properties\":{}},"
        "\"body\":\"%.*s\",\"links\":[],\"mentions\":[],\"nestedLevel\":0,\"createdTime\":\"%s\","
        "\"properties\":%.*s,\"_relays\":{\"self\":\"/application/messages/%llu.relay\","
        "\"channel\":\"/application/channels/%u.relay\"},"
        "\"_actions\":{\"read\":\"/application/messages/%llu.read\","
        "\"reply\":\"/application/messages/%llu.reply\","
        "\"react\":\"/application/messages/%llu.react\","
        "\"edit\":\"/application/messages/%llu.edit\"},\"groupTag\":\"",
        id, content->channel_id, content->user_id, content->user_name, content->user_name,
        (int)content->text_length, content->text, created, (int)content->properties_length,
        content->properties, id, content->channel_id, id, id, id, id);
    if (at + sizeof tail + EVENT_JSON_BYTES > capacity)
        return 0;
    /* The optional group tag fills up, so that every event has the same length. */
    while (at + sizeof tail - 1 < EVENT_JSON_BYTES)
        out[at++] = '-';
    memcpy(out + at, tail, sizeof tail);
    return at + sizeof tail - 1;
}
