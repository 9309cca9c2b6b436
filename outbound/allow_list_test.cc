#include "outbound/allow_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/reason.h"

namespace slipway::outbound {
namespace {

using testing::HasSubstr;

AllowList Parsed(std::vector<std::string> entries) {
  absl::StatusOr<AllowList> list = AllowList::Parse(entries);
  EXPECT_TRUE(list.ok()) << list.status();
  return *list;
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(AllowList, LoopbackInWhateverForm) {
  const AllowList list = AllowList::Loopback();
  for (const char* host : {"127.0.0.1",
                           "127.0.0.1.",
                           "127.255.255.254",
                           "2130706433",
                           "0x7f000001",
                           "0X7F.1",
                           "017700000001",
                           "0177.0.0.1",
                           "127.1",
                           "127.0.1",
                           "[::1]",
                           "[0:0:0:0:0:0:0:1]",
                           "[::ffff:127.0.0.1]",
                           "[::FFFF:7f00:1]",
                           "[0:0:0:0:0:ffff:127.0.0.1]",
                           "localhost",
                           "LOCALHOST",
                           "LocalHost.",
                           "%6cocalhost",
                           "127.0.0.%31"}) {
    for (const char* rest : {"", ":8080", "/path?query=1", ":1/#fragment"}) {
      const std::string url = std::string("http://") + host + rest;
      EXPECT_TRUE(list.Check(url).ok()) << url << ": " << list.Check(url);
    }
  }
}

TEST(AllowList, EverythingElseIsForbidden) {
  const AllowList list = AllowList::Loopback();
  for (const char* host : {
           "0.0.0.0",
           "0",
           "10.0.0.1",
           "167772161",
           "0xa000001",
           "012.0.0.1",
           "10.1",
           "100.64.0.1",
           "128.0.0.1",
           "126.255.255.255",
           "169.254.169.254",
           "2852039166",
           "0xa9fea9fe",
           "0251.0376.0251.0376",
           "169.254.43518",
           "172.16.0.1",
           "192.0.0.1",
           "192.0.2.1",
           "192.168.0.1",
           "192.168.1",
           "198.18.0.1",
           "203.0.113.1",
           "224.0.0.1",
           "240.0.0.1",
           "255.255.255.255",
           "1.1.1.1",
           "8.8.8.8",
           "169.254.169.254.",
           "[::]",
           "[::2]",
           "[::127.0.0.1]",  // IPv4-compatible: not IPv4
           "[::ffff:169.254.169.254]",
           "[::ffff:a9fe:a9fe]",
           "[::ffff:8.8.8.8]",
           "[64:ff9b::127.0.0.1]",  // NAT64
           "[64:ff9b::7f00:1]",
           "[64:ff9b:1::7f00:1]",
           "[2002:7f00:1::]",  // 6to4
           "[2001::7f00:1]",   // Teredo
           "[fe80::1]",
           "[fc00::1]",
           "[fd00:ec2::254]",
           "[ff02::1]",
           "[2001:db8::1]",
           "[2606:4700:4700::1111]",
           "example.com",
           "localhost.example.com",
           "example.localhost",
           "localhost2",
           "xn--lcalhost-n1a",
           "127.0.0.1.example.com",
           "127.0.0.1.nip.io",
           "metadata.google.internal",
           "%31%36%39.254.169.254",
       }) {
    const std::string url = std::string("http://") + host + "/";
    const absl::Status status = list.Check(url);
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << url << ": " << status;
    EXPECT_EQ(base::ReasonOf(status), base::Reason::kForbiddenTarget) << url;
    EXPECT_THAT(Message(status), HasSubstr("url: "));
    EXPECT_THAT(Message(status), HasSubstr("allowed: 127.0.0.0/8, ::1, localhost"));
  }
}

TEST(AllowList, WhatIsNoUrl) {
  const AllowList list = AllowList::Loopback();
  for (const char* url : {"",
                          "localhost",
                          "//localhost/",
                          "/path",
                          "http:",
                          "http://",
                          "http://:80/",
                          "ftp://127.0.0.1/",
                          "file:///etc/passwd",
                          "gopher://127.0.0.1/",
                          "javascript:alert(1)",
                          "http://user@127.0.0.1/",
                          "http://user:password@127.0.0.1/",
                          "http://127.0.0.1:0/",
                          "http://127.0.0.1:65536/",
                          "http://127.0.0.1:http/",
                          "http://127.0.0.1:-1/",
                          "http://[::1/",
                          "http://[127.0.0.1]/",
                          "http://[fe80::1%25lo]/",
                          "http://127.0.0.256/",
                          "http://1.2.3.4.5/",
                          "http://0x1ffffffff/",
                          "http://4294967296/",
                          "http://09/",
                          "http://a..b/",
                          "http://.localhost/",
                          "http://..localhost/",
                          "http://local host/",
                          "http://localhost\n/",
                          "http://\xef\xbc\x91\x32\x37.0.0.1/",
                          "http://loc\xc3\xa4lhost/",
                          "http://%00localhost/"}) {
    const absl::Status status = list.Check(url);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << url << ": " << status;
    EXPECT_THAT(Message(status), HasSubstr("url: "));
  }
  EXPECT_FALSE(list.Check("http://localhost/" + std::string(10'000, 'a')).ok());
  EXPECT_FALSE(list.Check(std::string("http://localhost/\0x", 19)).ok());
}

TEST(AllowList, MessagesDoNotShowTheQuery) {
  EXPECT_EQ(Message(AllowList::Loopback().Check("https://example.com/hook?key=secret")),
            "url: \"https://example.com:443/hook\" may not be called: its host is not listed; "
            "allowed: 127.0.0.0/8, ::1, localhost");
}

TEST(AllowList, NetworksAndHosts) {
  const AllowList list = Parsed(
      {"10.0.0.0/8", "192.168.1.7", "fd00::/8", "Hooks.Example.com.", "::ffff:172.16.0.0/108"});
  EXPECT_EQ(list.ToString(), "10.0.0.0/8, 192.168.1.7, fd00::/8, hooks.example.com, 172.16.0.0/12");
  for (const char* url : {"http://10.200.3.4/", "https://192.168.1.7/", "http://[fd12::1]/",
                          "http://HOOKS.example.com:8443/", "http://172.31.255.255/"}) {
    EXPECT_TRUE(list.Check(url).ok()) << list.Check(url);
  }
  for (const char* url : {"http://11.0.0.0/", "https://192.168.1.6/", "http://[fe12::1]/",
                          "http://example.com/", "http://a.hooks.example.com/",
                          "http://172.32.0.0/", "http://127.0.0.1/", "http://localhost/"}) {
    EXPECT_EQ(list.Check(url).code(), absl::StatusCode::kPermissionDenied) << url;
  }
}

TEST(AllowList, AllOfIpv6IsNotIpv4) {
  const AllowList list = Parsed({"::/0"});
  EXPECT_TRUE(list.Check("http://[2001:db8::1]/").ok());
  EXPECT_FALSE(list.Check("http://10.0.0.1/").ok());
  EXPECT_FALSE(list.Check("http://[::ffff:10.0.0.1]/").ok());
}

TEST(AllowList, EmptyAllowsNothing) {
  EXPECT_THAT(Message(Parsed({}).Check("http://127.0.0.1/")), HasSubstr("allowed: nothing"));
}

TEST(AllowList, BadEntriesAreNamed) {
  for (const char* entry :
       {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8", "::/129",
        "::1%lo", "256.0.0.1", "1.2.3", "example.com/8", "example.com:80", "http://example.com",
        "*.example.com", "a b", "[::1]", "ex\xc3\xa4mple.com", "a..b"}) {
    const std::vector<std::string> entries = {"localhost", entry};
    const absl::StatusOr<AllowList> list = AllowList::Parse(entries);
    ASSERT_FALSE(list.ok()) << entry;
    EXPECT_EQ(list.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(Message(list.status()), HasSubstr("allowed are"));
  }
}

TEST(AllowList, TheAddressDialledCounts) {
  const AllowList list = Parsed({"127.0.0.0/8", "localhost", "trusted.example"});
  const auto dialled = [&list](const char* url, const char* address) {
    return list.CheckDialled(*Url::Parse(url), *IpAddress::Parse(address)).ok();
  };
  EXPECT_TRUE(dialled("http://127.0.0.1/", "127.0.0.1"));
  EXPECT_FALSE(dialled("http://127.0.0.1/", "10.0.0.1"));
  EXPECT_TRUE(dialled("http://localhost/", "127.0.0.1"));
  EXPECT_TRUE(dialled("http://localhost/", "::1"));
  EXPECT_TRUE(dialled("http://localhost/", "::ffff:127.0.0.1"));
  EXPECT_FALSE(dialled("http://localhost/", "169.254.169.254"));
  EXPECT_FALSE(dialled("http://localhost/", "::2"));
  EXPECT_TRUE(dialled("http://trusted.example/", "10.0.0.1"));
}

}  // namespace
}  // namespace slipway::outbound
